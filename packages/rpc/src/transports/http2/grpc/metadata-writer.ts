import type { Metadata } from '../../../core/metadata.ts';
import type { ByteQueue } from '../byte-queue.ts';
import type { HpackEncoder } from '../hpack/encoder.ts';
import { known, tokenOf } from '../hpack/header-field.ts';

/** Writes metadata into a header block. Names that are the protocol's own are left out. */
export function writeMetadata(encoder: HpackEncoder, out: ByteQueue, metadata: Metadata): void {
  if (metadata.size === 0) return;
  for (const [name, value] of metadata) {
    if (tokenOf(name) !== known.other) continue;
    if (typeof value === 'string') encoder.writeMetadata(out, name, value.trim());
    else encoder.writeMetadata(out, name, unpaddedBase64(value));
  }
}

/** As gRPC says that peers should send bytes. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('base64')
    .replace(/=+$/, '');
}
