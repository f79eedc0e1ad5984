import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';

/**
 * All bytes of a file that others may have put there, links followed. A pipe is not waited for, and a file
 * that never ends is not read to its end: throws `failed_precondition` for what is no regular file,
 * `resource_exhausted` for what has over `maxBytes`, and what the system says, with its `code`.
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Buffer> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) {
    throw new RpcError('failed_precondition', `${path} is no regular file`);
  }
  const bytes = await readBounded(file, maxBytes);
  if (bytes !== undefined) return bytes;
  throw new RpcError('resource_exhausted', `${path} has over ${maxBytes} bytes`);
}

/** From where the file stands to its end; undefined where that is over `maxBytes`, as it may grow while it is read. */
export async function readBounded(file: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const { size } = await file.stat();
  if (size > maxBytes) return undefined;
  let bytes = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (length > maxBytes) return undefined;
    if (bytesRead === 0) return bytes.subarray(0, length);
    if (length === bytes.length) {
      bytes = Buffer.concat([bytes], Math.min(2 * length, maxBytes) + 1);
    }
  }
}
