import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { type ConfigFault, formatPath } from './config-fault.ts';
import type { RawConfig, RawEntry, RawValue } from './raw-config.ts';

/** Reads a TOML file's text, keeping the line of every key. `file` is its name in messages. */
export function readToml(text: string, file: string): RawConfig {
  const reader = new TomlReader(file);
  try {
    const [top] = parseTOML(text).body;
    reader.readBody(top.body, []);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    reader.fault([], error.lineNumber, `not valid TOML: ${reasonOf(error, text)}`);
  }
  return reader;
}

/** The parser does not say which key stands there twice. */
function reasonOf({ message, index }: ParseError, text: string): string {
  if (!message.startsWith('Defining a key multiple times')) return message;
  return `${keyAt(text, index)} is defined before`;
}

/** The table whose head is on the line, or the key that begins at the index. */
function keyAt(text: string, index: number): string {
  const [line = ''] = text.slice(text.lastIndexOf('\n', index - 1) + 1).split('\n', 1);
  const head = /^\s*\[+\s*(.*?)\s*\]+/.exec(line)?.[1];
  if (head !== undefined) return `[${head}]`;
  return /^(?:"[^"\n]*"|'[^'\n]*'|[\w.-])+/.exec(text.slice(index))?.[0] ?? 'a key';
}

class TomlReader implements RawConfig {
  readonly entries = new Map<string, RawEntry>();
  readonly tables = new Map<string, Omit<RawEntry, 'value'>>();
  readonly faults: ConfigFault[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  readBody(body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[], prefix: readonly string[]): void {
    for (const node of body) {
      if (node.type === 'TOMLTable') {
        const path = node.resolvedKey.map(String);
        this.#openTable(path, node.loc.start.line);
        this.readBody(node.body, path);
      } else {
        this.#readKey(node, prefix);
      }
    }
  }

  fault(path: readonly string[], line: number, message: string): void {
    const origin = { kind: 'file', file: this.#file, line } as const;
    this.faults.push({ origin, path: formatPath(path), message });
  }

  #openTable(path: readonly string[], line: number): void {
    const origin = { kind: 'file', file: this.#file, line } as const;
    this.tables.set(formatPath(path), { path, origin });
  }

  #readKey(node: AST.TOMLKeyValue, prefix: readonly string[]): void {
    const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
    const path = [...prefix, ...keys];
    const { line } = node.loc.start;
    if (node.value.type === 'TOMLInlineTable') {
      this.#openTable(path, line);
      this.readBody(node.value.body, path);
      return;
    }
    const origin = { kind: 'file', file: this.#file, line } as const;
    this.entries.set(formatPath(path), { path, value: this.#readValue(node.value, path), origin });
  }

  #readValue(node: AST.TOMLContentNode, path: readonly string[]): RawValue {
    if (node.type === 'TOMLValue') return node.value;
    if (node.type === 'TOMLArray') {
      return node.elements.map((element) => this.#readValue(element, path));
    }
    this.fault(path, node.loc.start.line, 'a table does not belong in this list');
    return undefined;
  }
}
