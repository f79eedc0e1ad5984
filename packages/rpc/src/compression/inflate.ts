import { RpcError } from '../rpc-error.ts';

/** A synchronous decompression of `node:zlib` that stops at `maxOutputLength` bytes. */
type Decompress = (
  bytes: Uint8Array,
  options: { maxOutputLength: number; params?: Record<number, number> },
) => Uint8Array;

/**
 * Runs `decompress` bounded, and turns its failures into ours.
 * @throws RpcError resource_exhausted for more than `maxBytes`, internal for bytes that are broken.
 */
export function inflate(
  name: string,
  decompress: Decompress,
  bytes: Uint8Array,
  maxBytes: number,
  params?: Record<number, number>,
): Uint8Array {
  // node:zlib takes no limit of zero.
  const maxOutputLength = Math.max(1, maxBytes);
  let inflated: Uint8Array;
  try {
    inflated = decompress(
      bytes,
      params === undefined ? { maxOutputLength } : { maxOutputLength, params },
    );
  } catch (error) {
    throw translate(name, error, bytes.length, maxBytes);
  }
  if (inflated.length > maxBytes) throw tooLong(name, bytes.length, maxBytes);
  return inflated;
}

function translate(name: string, error: unknown, bytes: number, maxBytes: number): RpcError {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return tooLong(name, bytes, maxBytes);
  }
  return new RpcError(
    'internal',
    `a message of ${bytes} bytes cannot be decompressed as ${name}: ${message ?? 'it is broken'}`,
    { cause: error },
  );
}

function tooLong(name: string, bytes: number, maxBytes: number): RpcError {
  return new RpcError(
    'resource_exhausted',
    `a message of ${bytes} bytes of ${name} inflates to more than the ${maxBytes} bytes that are taken`,
  );
}
