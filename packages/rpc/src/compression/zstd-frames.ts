import { RpcError } from '../rpc-error.ts';

/**
 * Walks over the headers of all frames and their blocks, without decompressing.
 *
 * @throws RpcError internal unless the bytes are one whole Zstandard frame or several, and nothing
 * else (RFC 8878, 3.1).
 */
export function checkZstdFrames(bytes: Uint8Array): void {
  let at = 0;
  do at = skipFrame(bytes, at);
  while (at < bytes.length);
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const magicBytes = 4;
const checksumBytes = 4;
const blockHeaderBytes = 3;
const rleBlock = 1;
const reservedBlock = 3;
const dictionaryIdBytes = [0, 1, 2, 4] as const;
const contentSizeBytes = [0, 2, 4, 8] as const;

function skipFrame(bytes: Uint8Array, start: number): number {
  const magic = read(bytes, start, magicBytes);
  const afterMagic = start + magicBytes;
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
    return upTo(bytes, afterMagic + 4 + read(bytes, afterMagic, 4));
  }
  if (magic !== frameMagic) {
    throw broken(`there is no frame at byte ${start}`);
  }
  const descriptor = read(bytes, afterMagic, 1);
  let at = skipBlocks(bytes, afterMagic + 1 + headerBytes(descriptor));
  if ((descriptor & 4) !== 0) at += checksumBytes;
  return upTo(bytes, at);
}

/** What follows the frame header's descriptor (3.1.1.1). */
function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 32) !== 0;
  const contentSize = contentSizeBytes[(descriptor >> 6) as 0 | 1 | 2 | 3];
  const dictionaryId = dictionaryIdBytes[(descriptor & 3) as 0 | 1 | 2 | 3];
  // A single segment has no window; its content size is at least a byte.
  return singleSegment ? Math.max(1, contentSize) + dictionaryId : 1 + contentSize + dictionaryId;
}

function skipBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const header = read(bytes, at, blockHeaderBytes);
    const type = (header >> 1) & 3;
    if (type === reservedBlock) throw broken(`the block at byte ${at} is of no known type`);
    at += blockHeaderBytes + (type === rleBlock ? 1 : header >> 3);
    if ((header & 1) !== 0) return at;
  }
}

/** A little-endian number of up to four bytes. */
function read(bytes: Uint8Array, at: number, length: number): number {
  upTo(bytes, at + length);
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = (value * 256 + (bytes[at + i] as number)) >>> 0;
  return value;
}

function upTo(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw broken('it is cut off');
  return end;
}

function broken(why: string): RpcError {
  return new RpcError('internal', `a message cannot be decompressed as zstd: ${why}`);
}
