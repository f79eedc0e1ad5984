import { RpcError } from '@zeke/rpc';
import { type PathPlace, resolvePath } from '../project/resolve-path.ts';
import { openFile } from '../tools/files/open-file.ts';

/** What stands in a file of the project, or why nothing of it can be shown. */
export type ReadText =
  | {
      readonly kind: 'text';
      /** Absolute, links resolved. */
      readonly path: string;
      /** Relative to the project's root. */
      readonly shown: string;
      readonly text: string;
      /** Only the beginning was read, as it is over `maxBytes`. */
      readonly isCut: boolean;
    }
  | { readonly kind: 'missing'; readonly shown: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly shown: string; readonly reason: string };

/** Looked at for NUL bytes, which no text has. */
const probedBytes = 8_192;

/**
 * Reads a text file of the project, at most `maxBytes` of it. Links are resolved first: one that leads
 * out of the project is refused, as are binary files, folders and devices. UTF-8; what is no UTF-8
 * comes as U+FFFD.
 */
export async function readText(
  place: PathPlace,
  path: string,
  maxBytes: number,
): Promise<ReadText> {
  try {
    const resolved = await resolvePath(place, path);
    const { shown } = resolved;
    if (!resolved.isInside) {
      return { kind: 'refused', shown: path, reason: 'it lies outside of the project' };
    }
    if (!resolved.exists) return { kind: 'missing', shown, reason: 'there is no such file' };
    await using file = await openFile(resolved);
    const bytes = Buffer.allocUnsafe(Math.min(file.facts.sizeBytes, maxBytes));
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const read = bytes.subarray(0, length);
    if (read.subarray(0, probedBytes).includes(0)) {
      return { kind: 'refused', shown, reason: 'it is a binary file' };
    }
    const isCut = file.facts.sizeBytes > maxBytes;
    return { kind: 'text', path: resolved.path, shown, text: decode(read, isCut), isCut };
  } catch (error) {
    return { kind: 'refused', shown: path, reason: RpcError.from(error).message };
  }
}

/** `stream` leaves a character away that the cut went through. */
function decode(bytes: Uint8Array, isCut: boolean): string {
  return new TextDecoder().decode(bytes, { stream: isCut });
}
