import { gunzipSync, gzipSync } from 'node:zlib';
import type { Compressor } from './compressor.ts';
import { inflate } from './inflate.ts';

/** gzip (RFC 1952) at zlib's default level. */
export const gzip: Compressor = {
  name: 'gzip',
  compress: (bytes) => gzipSync(bytes),
  decompress: (bytes, maxBytes) => inflate('gzip', gunzipSync, bytes, maxBytes),
};
