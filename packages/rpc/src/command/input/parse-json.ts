import type { JsonValue } from '../../codec/json-value.ts';
import { RpcError } from '../../rpc-error.ts';
import type { JsonPiece } from './json-splitter.ts';

/**
 * The value of a piece. Integers that a JavaScript number cannot hold become texts, which 64-bit
 * fields take as well, so that no digit is lost.
 * @throws RpcError invalid_argument with line and column.
 */
export function parseJson({ text, line, column }: JsonPiece, source: string): JsonValue {
  try {
    return JSON.parse(text, keepDigits) as JsonValue;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, '') : '';
    throw new RpcError(
      'invalid_argument',
      `${source}:${line}:${column}: the value that begins here is no JSON: ${why}`,
      { cause },
    );
  }
}

/** The third argument is of https://tc39.es/proposal-json-parse-with-source/. */
function keepDigits(
  this: unknown,
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? source : value;
}
