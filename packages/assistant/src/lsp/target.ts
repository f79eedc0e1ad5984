import { RpcError } from '@zeke/rpc';
import { type Place, placeOfName } from './positions.ts';

/** What is asked about in a file: a place, a name on a line, or a name alone (where it is first). */
export interface Target {
  /** From 1. */
  readonly line?: number;
  /** In characters, from 1. */
  readonly column?: number;
  readonly symbol?: string;
}

/**
 * The place that is meant. A name that is not on its line is taken where it is nearest, since people and
 * models are wrong about lines. Throws `invalid_argument` where nothing is named, and `not_found`.
 */
export function placeOf(target: Target, lines: readonly string[], shown: string): Place {
  const { line, column, symbol } = target;
  if (symbol !== undefined && symbol !== '') {
    const from = Math.min(line ?? 1, lines.length);
    const place = placeOfName(lines, symbol, from);
    if (place !== undefined) return place;
    throw new RpcError(
      'not_found',
      `${shown} has no "${symbol}" in it: name it as it is written there`,
    );
  }
  if (line === undefined || column === undefined) {
    throw new RpcError('invalid_argument', `${shown}: give a symbol, or a line and a column`);
  }
  if (line > lines.length) {
    throw new RpcError(
      'invalid_argument',
      `${shown} has ${lines.length} lines and no line ${line}`,
    );
  }
  return { line, column };
}
