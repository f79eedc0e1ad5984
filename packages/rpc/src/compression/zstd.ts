import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compressor } from './compressor.ts';
import { inflate } from './inflate.ts';
import { checkZstdFrames } from './zstd-frames.ts';

/** Zstandard (RFC 8878) at its default level. */
export const zstd: Compressor = {
  name: 'zstd',
  compress: (bytes) => zstdCompressSync(bytes),
  decompress(bytes, maxBytes) {
    // Bun returns what it has of a frame that is cut off, and both runtimes drop what follows one.
    checkZstdFrames(bytes);
    return inflate('zstd', zstdDecompressSync, bytes, maxBytes, windowOf(maxBytes));
  },
};

/** RFC 8878, 3.1.1.1.2: a decoder should take windows of 8 MiB; a longer one serves no shorter message. */
const minWindowLog = 23;

/** The largest window that zstd itself takes unless told otherwise: 128 MiB. */
const maxWindowLog = 27;

const windows: Record<number, number>[] = [];

/** What a frame may have the decoder allocate, whatever it says of itself. */
function windowOf(maxBytes: number): Record<number, number> {
  const log = Math.min(maxWindowLog, Math.max(minWindowLog, Math.ceil(Math.log2(maxBytes + 1))));
  windows[log] ??= { [constants.ZSTD_d_windowLogMax]: log };
  return windows[log];
}
