import { fromBase64 } from './base64.ts';
import { noBytes } from './unknown-fields.ts';

/** Bytes that stand in code as base64, decoded at their first use. */
export function embeddedBytes(base64: readonly string[]): () => Uint8Array {
  let bytes: Uint8Array | undefined;
  return () => {
    bytes ??= fromBase64(base64.join('')) ?? noBytes;
    return bytes;
  };
}
