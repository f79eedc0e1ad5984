import type { ParseState } from './parse-state.ts';

export const maxInt32 = 2_147_483_647;

/** The next token as an integer from 0 to `max`; one beyond is reported and read as 0. */
export function parseInteger(state: ParseState, what: string, max: number = maxInt32): number {
  return Number(parseBigInteger(state, what, 0n, BigInt(max)));
}

/** The same with a sign before it, from `min`. */
export function parseSignedInteger(state: ParseState, what: string): number {
  return Number(parseBigInteger(state, what, -BigInt(maxInt32) - 1n, BigInt(maxInt32)));
}

/** An integer between two bounds; a sign is allowed when the lower is negative. */
export function parseBigInteger(state: ParseState, what: string, min: bigint, max: bigint): bigint {
  const start = state.current;
  const isNegative = min < 0n && state.accept('-');
  if (state.current.kind !== 'integer') state.fail(`expected ${what}, not ${state.found()}`);
  const magnitude = integerValue(state.take().text) ?? 0n;
  const value = isNegative ? -magnitude : magnitude;
  if (value >= min && value <= max) return value;
  const shown = value > beyondAll - 1n ? 'the number' : String(value);
  state.report(`${shown} is out of range; ${what} is from ${min} to ${max}`, start);
  return 0n;
}

/** More digits than any number has; their exact value is not of interest. */
const maxDigits = 400;
const beyondAll = 10n ** BigInt(maxDigits);

/** The value of an integer token; undefined for a malformed one, which the tokenizer reported. */
export function integerValue(text: string): bigint | undefined {
  if (text.length > maxDigits) return beyondAll;
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  return /^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text) ? BigInt(text) : undefined;
}
