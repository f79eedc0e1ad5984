import type { FileHandle } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';

/** What is asked of a file: some of its lines, and not too much of them. */
export interface LineRequest {
  /** The first line, counted from 1. */
  readonly first: number;
  readonly count: number;
  /** Bytes of all lines together; the first is given all the same. */
  readonly maxBytes: number;
}

export interface ReadLines {
  /** Without their ends. */
  readonly lines: readonly Buffer[];
  /** There is more after them. */
  readonly hasMore: boolean;
  /** Lines that were passed over or given; of all the file where there is no more. */
  readonly linesSeen: number;
}

/** Bytes read at a time. */
const chunkBytes = 256 * 1024;
/** A line that is longer is given up to here: the rest is passed over. */
const maxLineBytes = 64 * 1024;
const lineFeed = 10;

/**
 * Some lines of a large file. Reads from its start to the last line that is asked for and holds one
 * chunk at a time. Throws `canceled` when the signal is aborted.
 */
export async function readLines(
  handle: FileHandle,
  { count, first, maxBytes }: LineRequest,
  signal: AbortSignal,
): Promise<ReadLines> {
  const lines: Buffer[] = [];
  let part: Buffer[] = [];
  let partBytes = 0;
  let bytes = 0;
  let number = 1;
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const isWanted = () => number >= first;
  const close = () => {
    if (isWanted()) {
      const line = Buffer.concat(part);
      bytes += line.length;
      if (lines.length === count || (bytes > maxBytes && lines.length > 0)) return false;
      lines.push(line);
    }
    part = [];
    partBytes = 0;
    number++;
    return true;
  };
  for (let position = 0; ; ) {
    if (signal.aborted) throw new RpcError('canceled', 'the call was canceled');
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const read = chunk.subarray(0, bytesRead);
    for (let at = 0; at < bytesRead; ) {
      const end = read.indexOf(lineFeed, at);
      const stop = end < 0 ? bytesRead : end;
      if (isWanted() && partBytes < maxLineBytes) {
        part.push(Buffer.from(read.subarray(at, Math.min(stop, at + maxLineBytes - partBytes))));
      }
      partBytes += stop - at;
      if (end >= 0 && !close()) return { lines, hasMore: true, linesSeen: number - 1 };
      at = stop + 1;
    }
  }
  if (partBytes > 0 && !close()) return { lines, hasMore: true, linesSeen: number - 1 };
  return { lines, hasMore: false, linesSeen: number - 1 };
}
