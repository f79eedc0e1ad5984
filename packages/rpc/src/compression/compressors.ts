import type { Compressor } from './compressor.ts';
import { gzip } from './gzip.ts';
import { identity } from './identity.ts';
import { zstd } from './zstd.ts';

/** The compressor of this name, by `node:zlib`. */
export function compressor(name: string): Compressor | undefined {
  if (name === 'identity') return identity;
  if (name === 'gzip') return gzip;
  return name === 'zstd' ? zstd : undefined;
}
