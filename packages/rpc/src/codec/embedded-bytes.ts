import { fromBase64 } from './base64.ts';

/** Bytes that stand in code as base64, decoded at their first use. */
export function embeddedBytes(base64: readonly string[]): () => Uint8Array {
  let bytes: Uint8Array | undefined;
  return () => {
    bytes ??= fromBase64(base64.join('')) ?? new Uint8Array(0);
    return bytes;
  };
}
