import { RpcError } from '@zeke/rpc';

/**
 * The number, when it is whole and within bounds.
 * @throws RpcError invalid_argument that names `field`, the value and the bounds.
 */
export function wholeNumber(value: number, field: string, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new RpcError(
    'invalid_argument',
    `rate limit: ${field}: ${String(value)} is not a whole number from ${min} to ${max}`,
  );
}

/** The key, when it has 1 to 256 characters. @throws RpcError invalid_argument. */
export function limitKey(key: string): string {
  if (key.length >= 1 && key.length <= maxKeyLength) return key;
  throw new RpcError(
    'invalid_argument',
    `rate limit: key: has ${key.length} characters, 1 to ${maxKeyLength} are possible: send a hash`,
  );
}

const maxKeyLength = 256;
