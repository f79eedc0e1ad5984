import { RpcError } from '../../rpc-error.ts';
import { parseDurationMs } from '../duration.ts';
import { findMethod } from '../schema/find-symbol.ts';
import type { Schema } from '../schema/schema.ts';

/** A setting of all methods, or of each its own. */
export type ByMethod<T> = (path: string) => T;

/** A time between two bounds, in milliseconds. */
export interface Span {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Reads flags such as `--fail 5%` and `--fail Orders/Get=50%`: without a method it is for all that have
 * none of their own.
 * @throws RpcError for a method that the schema does not have, and for what `parse` throws.
 */
export async function byMethod<T>(
  flag: string,
  texts: readonly string[],
  parse: (flag: string, text: string) => T,
  options: { readonly schema: Schema; readonly fallback: T },
): Promise<ByMethod<T>> {
  let { fallback } = options;
  const own = new Map<string, T>();
  for (const text of texts) {
    const equals = text.lastIndexOf('=');
    const value = parse(flag, text.slice(equals + 1));
    if (equals === -1) {
      fallback = value;
      continue;
    }
    const method = await findMethod(options.schema, text.slice(0, equals));
    own.set(`/${method.parent.typeName}/${method.name}`, value);
  }
  return (path) => own.get(path) ?? fallback;
}

/** `50ms`, `20ms..80ms`, `0`. @throws RpcError invalid_argument */
export function parseSpan(flag: string, text: string): Span {
  const [from = '', to = from, surplus] = text.split('..');
  if (surplus !== undefined) throw wrong(`${flag} ${text}: write it as 20ms..80ms`);
  const minMs = from === '0' ? 0 : parseDurationMs(flag, from);
  const maxMs = to === '0' ? 0 : parseDurationMs(flag, to);
  if (minMs > maxMs)
    throw wrong(`${flag} ${text}: the first time must not be longer than the second`);
  return { minMs, maxMs };
}

/** `5%`, `0.5%`, `100%` as a part of 1. @throws RpcError invalid_argument */
export function parseShare(flag: string, text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const share = Number(number) / 100;
  if (share >= 0 && share <= 1) return share;
  throw wrong(`${flag} ${text}: write a part of all calls, such as 5%`);
}

/** `3` or `1..5`, both as a range. @throws RpcError invalid_argument */
export function parseRange(flag: string, text: string): readonly [number, number] {
  const [, from, to = from] = /^(\d{1,6})(?:\.\.(\d{1,6}))?$/.exec(text) ?? [];
  const range = [Number(from), Number(to)] as const;
  if (range[0] <= range[1]) return range;
  throw wrong(`${flag} ${text}: write a number of messages, such as 3 or 1..5`);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
