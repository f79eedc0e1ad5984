import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { toBase64 } from '../../codec/base64.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { RpcError } from '../../rpc-error.ts';

/** An example as it stands in its file. */
export interface RawExample {
  /** What it is for: `Orders/GetOrder`; undefined where the file's name says it. */
  readonly method: string | undefined;
  /** `orders.yaml:4` */
  readonly origin: string;
  readonly json: JsonValue;
}

/** What a file of examples may hold, in UTF-16 units. */
const maxFileLength = 16 * 1024 ** 2;

/**
 * The examples of a YAML or JSON text: a table of methods, each with one example or a list of them; or
 * one example or a list, of the method that the file is named after.
 * @throws RpcError invalid_argument with line and column.
 */
export function parseExampleFile(path: string, text: string): RawExample[] {
  if (text.length > maxFileLength) {
    throw new RpcError('resource_exhausted', `${path}: a file of examples may have 16 MiB`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { intAsBigInt: true, lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const [why] = error.message.split(/ at line \d/);
    throw new RpcError('invalid_argument', `${path}:${line}:${col}: ${why}`, { cause: error });
  }
  const root = document.contents;
  const examplesOf = (node: Node | null, method: string | undefined): RawExample[] => {
    const nodes = isSeq<Node>(node) ? node.items : [node];
    return nodes.map((each) => ({
      method,
      origin: `${path}:${each?.range ? lines.linePos(each.range[0]).line : 1}`,
      json: jsonOf(each?.toJS(document) ?? null),
    }));
  };
  if (root === null) return [];
  if (!isMap<Node, Node | null>(root) || !root.items.some(({ key }) => isMethod(key))) {
    return examplesOf(root, undefined);
  }
  return root.items.flatMap(({ key, value }) => {
    if (isMethod(key)) return examplesOf(value, String(key.value));
    const { line, col } = lines.linePos(key.range?.[0] ?? 0);
    throw new RpcError(
      'invalid_argument',
      `${path}:${line}:${col}: ${JSON.stringify(String(key))} names no method: write it as package.Service/Method`,
    );
  });
}

/** The members of an example have no slash and no dot. */
function isMethod(key: unknown): key is Node & { readonly value: unknown } {
  return isScalar(key) && /[./]/.test(String(key.value));
}

/** What YAML has beyond JSON, as the JSON of protobuf writes it. */
function jsonOf(value: unknown): JsonValue {
  switch (typeof value) {
    case 'bigint': {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return null;
      if (value instanceof Uint8Array) return toBase64(value);
      if (value instanceof Date) return value.toISOString();
      if (Array.isArray(value)) return value.map(jsonOf);
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, jsonOf(each)]));
    default:
      return null;
  }
}
