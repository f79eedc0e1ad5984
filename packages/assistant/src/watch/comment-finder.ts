import type { Language } from '../completion/local/languages.ts';
import { Lexer, tokenKinds } from '../completion/local/lexer.ts';
import { type GrammarName, grammarFile, grammarOf } from '../project-index/grammars.ts';
import { Language as Grammar, type Node, Parser, type Tree } from '../project-index/tree-sitter.ts';
import type { AiComment } from './ai-comment.ts';
import { readBlocks, type TextRange } from './comment-blocks.ts';
import { commentLanguageOf } from './comment-languages.ts';

/** A text that takes longer to parse is read by the lexer alone, in milliseconds. */
const maxParseMs = 2_000;
/** As grammars call them. */
const commentTypes = ['comment', 'line_comment', 'block_comment', 'html_comment'];

/**
 * Finds the comments of a text that speak to the assistant. What only looks like a comment, in a string, in
 * a heredoc, in the text of JSX, is none: tree-sitter says so where it has a grammar, the lexer of the
 * completer elsewhere, and where tree-sitter does not understand the code, which is often half written.
 */
export class CommentFinder {
  readonly #now: () => number;
  readonly #grammars = new Map<GrammarName, Promise<Grammar>>();
  #parser: Promise<Parser> | undefined;

  /** The clock counts milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  async find(path: string, text: string): Promise<readonly AiComment[]> {
    if (!/\bai\b/i.test(text)) return [];
    return readBlocks(path, text, await this.#ranges(path, text));
  }

  async #ranges(path: string, text: string): Promise<readonly TextRange[]> {
    const lexed = lexComments(text, commentLanguageOf(path));
    const name = grammarOf(path);
    if (name === undefined) return lexed;
    const tree = await this.#parse(name, text);
    if (tree === undefined) return lexed;
    try {
      return commentsOf(tree, lexed);
    } finally {
      tree.delete();
    }
  }

  /** Undefined where it takes too long. */
  async #parse(name: GrammarName, text: string): Promise<Tree | undefined> {
    this.#parser ??= Parser.init().then(() => new Parser());
    const parser = await this.#parser;
    const grammar = this.#grammars.get(name) ?? loadGrammar(name);
    this.#grammars.set(name, grammar);
    parser.setLanguage(await grammar);
    const until = this.#now() + maxParseMs;
    const tree = parser.parse(text, null, { progressCallback: () => this.#now() > until });
    if (tree === null) parser.reset();
    return tree ?? undefined;
  }
}

async function loadGrammar(name: GrammarName): Promise<Grammar> {
  return await Grammar.load(await Bun.file(grammarFile(name)).bytes());
}

function lexComments(text: string, language: Language): TextRange[] {
  const lexer = new Lexer(text, language);
  const found: TextRange[] = [];
  while (lexer.next()) {
    if (lexer.kind === tokenKinds.comment) found.push({ start: lexer.start, end: lexer.end });
  }
  return found;
}

function commentsOf({ rootNode: root }: Tree, lexed: readonly TextRange[]): readonly TextRange[] {
  const parsed = root
    .descendantsOfType(commentTypes)
    .map(({ startIndex, endIndex }) => ({ start: startIndex, end: endIndex }));
  if (!root.hasError) return parsed;
  const known = new Set(parsed.map(({ start }) => start));
  const others = lexed.filter(({ start }) => !known.has(start) && isMisunderstood(root, start));
  return [...parsed, ...others].toSorted((a, b) => a.start - b.start);
}

/** What stands at a place is part of what the grammar could make nothing of. */
function isMisunderstood(root: Node, at: number): boolean {
  for (let node = root.descendantForIndex(at); node !== null; node = node.parent) {
    if (node.isError) return true;
  }
  return false;
}
