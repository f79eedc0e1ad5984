import { RpcError } from '../rpc-error.ts';
import type { Compressor } from './compressor.ts';

/** The bytes as they are; both functions return their argument. */
export const identity: Compressor = {
  name: 'identity',
  compress: (bytes) => bytes,
  decompress(bytes, maxBytes) {
    if (bytes.length > maxBytes) {
      throw new RpcError(
        'resource_exhausted',
        `a message of ${bytes.length} bytes: at most ${maxBytes} bytes are taken`,
      );
    }
    return bytes;
  },
};

/** Only `identity`: for browsers. */
export function identityOnly(name: string): Compressor | undefined {
  return name === 'identity' ? identity : undefined;
}
