import { toBase64 } from '../../../codec/base64.ts';

/** Base64 without padding, as gRPC and Connect prefer it in headers and in JSON. */
export function toUnpaddedBase64(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/=+$/, '');
}
