import { type DefinitionKind, kindNumber } from './definition-kinds.ts';
import {
  definitionFields,
  type FileSymbols,
  maxDefinitions,
  maxNameLength,
  maxNames,
  maxSignatureLength,
  minNameLength,
} from './file-symbols.ts';
import type { Node, Query, QueryCapture, Tree } from './tree-sitter.ts';

/** Definitions and references of a parsed file; `query` is one of `definitionQueries`. */
export function extractSymbols(tree: Tree, query: Query, text: string): FileSymbols {
  const { definitions, quiet } = readCaptures(query.matches(tree.rootNode));
  const names = new NameTable();
  const numbers = new Uint32Array(definitions.length * definitionFields);
  const signatures: string[] = [];
  for (const [index, { name, kind, node }] of definitions.entries()) {
    const fields = [
      names.numberOf(textOf(name, text)),
      kindNumber(kind),
      node.startPosition.row + 1,
      node.endPosition.row + 1,
    ];
    numbers.set(fields, index * definitionFields);
    signatures.push(signatureOf(node, text));
  }
  const references = countNames(text, quiet, names);
  return { names: names.all, definitions: numbers, signatures: signatures.join('\n'), references };
}

interface FoundDefinition {
  readonly name: Node;
  readonly kind: DefinitionKind;
  readonly node: Node;
}

interface Captures {
  readonly definitions: readonly FoundDefinition[];
  /** Start and end of each comment and string, in order. */
  readonly quiet: readonly number[];
}

function readCaptures(
  matches: readonly { captures: QueryCapture[]; patternIndex: number }[],
): Captures {
  const found = new Map<number, FoundDefinition & { readonly pattern: number }>();
  const quiet: number[] = [];
  for (const { captures, patternIndex: pattern } of matches) {
    const name = captures.find((capture) => capture.name === 'name')?.node;
    const whole = captures.find((capture) => capture.name !== 'name');
    if (whole === undefined) continue;
    if (whole.name === 'quiet') quiet.push(whole.node.startIndex, whole.node.endIndex);
    else if (name !== undefined) {
      // A name can match two patterns: the first says more.
      const known = found.get(name.startIndex);
      if (known !== undefined && known.pattern <= pattern) continue;
      const kind = whole.name as DefinitionKind;
      found.set(name.startIndex, { name, kind, node: whole.node, pattern });
    }
  }
  const definitions = [...found.values()]
    .toSorted((a, b) => a.node.startIndex - b.node.startIndex)
    .slice(0, maxDefinitions);
  return { definitions, quiet };
}

/** Names by number, each once. */
class NameTable {
  readonly all: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.all.length);
    return this.all.push(name) - 1;
  }
}

/** Of `"name"` and `valid?` the letters: as it stands where it is used. */
function textOf(name: Node, text: string): string {
  return text
    .slice(name.startIndex, name.endIndex)
    .replace(/^['"#]+|['"?!=]+$/g, '')
    .slice(0, maxNameLength);
}

/** Of a definition, before its body is looked for. */
const scannedLength = 4 * maxSignatureLength;
const nameBefore = /^[\w\s()@]*$/;

function signatureOf(node: Node, text: string): string {
  const lineStart = text.lastIndexOf('\n', node.startIndex - 1) + 1;
  // `export`, `pub` and the like stand outside of the node.
  const isFirst = nameBefore.test(
    text.slice(Math.max(lineStart, node.startIndex - 60), node.startIndex),
  );
  const start = isFirst ? lineStart : node.startIndex;
  const body = bodyOf(node);
  const lineEnd = text.indexOf('\n', node.startIndex);
  const end = Math.min(
    body ?? (lineEnd < 0 ? text.length : lineEnd),
    Math.max(node.endIndex, start),
    start + scannedLength,
  );
  const line = text
    .slice(start, end)
    .replace(/\s+/g, ' ')
    .replace(/\s*(=>?|[{:])?\s*$/, '')
    .trim();
  return line.length <= maxSignatureLength ? line : `${line.slice(0, maxSignatureLength - 1)}…`;
}

function bodyOf(node: Node): number | undefined {
  const body =
    node.childForFieldName('body') ?? node.childForFieldName('value')?.childForFieldName('body');
  return body?.startIndex;
}

const identifiers = /[A-Za-z_$\u00aa-\uffff][\w$\u00aa-\uffff]*/g;

function countNames(text: string, quiet: readonly number[], names: NameTable): Uint32Array {
  const counts = new Map<number, number>();
  let next = 0;
  identifiers.lastIndex = 0;
  for (let match = identifiers.exec(text); match !== null; match = identifiers.exec(text)) {
    while (next < quiet.length && (quiet[next + 1] ?? 0) <= match.index) next += 2;
    const quietStart = quiet[next];
    if (quietStart !== undefined && quietStart <= match.index) {
      identifiers.lastIndex = quiet[next + 1] ?? text.length;
      continue;
    }
    const [name] = match;
    if (name.length < minNameLength || name.length > maxNameLength || keywords.has(name)) continue;
    const number = names.numberOf(name);
    const count = counts.get(number);
    if (count === undefined && counts.size >= maxNames) continue;
    counts.set(number, (count ?? 0) + 1);
  }
  return Uint32Array.from([...counts].flat());
}

/** Words of the languages, which nobody defines. */
const keywords = new Set(
  `abstract and any as async await bool boolean break byte case catch char class const constructor
   continue debugger declare def default defer del delete do done double elif else elsif end ensure
   enum esac except export extends extern false False fi final finally float fn for foreach from func
   function get go goto if impl implements import in infer instanceof int interface internal is keyof
   lambda let local long loop match mod module mut namespace never new nil None nonlocal not null
   number object of operator or out override package pass private protected pub public raise range
   readonly ref repeat require rescue return satisfies self Self set short signed sizeof static string
   struct super switch symbol template then this throw throws trait true True try type typedef typeof
   undef undefined union unknown unless unsafe unsigned until use using var virtual void volatile
   where while with yield`.split(/\s+/),
);
