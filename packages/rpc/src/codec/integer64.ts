import { RpcError } from '../rpc-error.ts';
import { described } from './json-fault.ts';

const decimal = /^-?\d+$/;

/**
 * The integer of a field that TypeScript has as a number or a text, by `jstype`.
 *
 * @throws RpcError invalid_argument for what is no integer.
 */
export function bigintOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && decimal.test(value)) return BigInt(value);
  throw new RpcError('invalid_argument', `${described(value)} is no 64-bit integer`);
}

/**
 * The number of a field with `jstype = JS_NUMBER`.
 *
 * @throws RpcError invalid_argument for an integer beyond 2 ** 53, which no number can hold.
 */
export function safeNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RpcError(
    'invalid_argument',
    `${value} is no safe integer, which jstype = JS_NUMBER asks for`,
  );
}
