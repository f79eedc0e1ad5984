import { definitionQueries } from './definition-queries.ts';
import { extractSymbols } from './extract-symbols.ts';
import type { FileSymbols } from './file-symbols.ts';
import { type GrammarName, grammarFile } from './grammars.ts';
import { Language, Parser, Query } from './tree-sitter.ts';

/** A file that takes longer to parse is given up: grammars have inputs that they are slow on. */
const maxParseMs = 2_000;

interface LoadedGrammar {
  readonly language: Language;
  readonly query: Query;
}

/** Parses files with grammars that are loaded when they are first needed. */
export class FileParser {
  readonly #now: () => number;
  readonly #grammars = new Map<GrammarName, Promise<LoadedGrammar>>();
  #parser: Promise<Parser> | undefined;

  /** The clock counts milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Symbols of a text; undefined where parsing it takes too long. */
  async parse(name: GrammarName, text: string): Promise<FileSymbols | undefined> {
    this.#parser ??= Parser.init().then(() => new Parser());
    const parser = await this.#parser;
    const { language, query } = await this.#grammar(name);
    parser.setLanguage(language);
    const until = this.#now() + maxParseMs;
    const tree = parser.parse(text, null, { progressCallback: () => this.#now() > until });
    if (tree === null) {
      parser.reset();
      return undefined;
    }
    try {
      return extractSymbols(tree, query, text);
    } finally {
      tree.delete();
    }
  }

  #grammar(name: GrammarName): Promise<LoadedGrammar> {
    const known = this.#grammars.get(name);
    if (known !== undefined) return known;
    const loaded = loadGrammar(name);
    this.#grammars.set(name, loaded);
    return loaded;
  }
}

async function loadGrammar(name: GrammarName): Promise<LoadedGrammar> {
  const language = await Language.load(await Bun.file(grammarFile(name)).bytes());
  return { language, query: new Query(language, definitionQueries[name]) };
}
