import { open } from 'node:fs/promises';

/** What is read of a file's end at most, in bytes. */
const maxTailBytes = 256 * 1024;

/** The last lines of a text file; none where there is no file. */
export async function lastLines(file: string, count: number): Promise<string[]> {
  const { text } = await readTail(file);
  return text.split('\n').filter(Boolean).slice(-count);
}

/** The end of a file, and how long the file is, in bytes. */
export async function readTail(file: string): Promise<{ text: string; size: number }> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return { text: '', size: 0 };
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maxTailBytes);
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, size - length);
    const text = bytes.toString('utf8');
    return { text: length < size ? text.slice(text.indexOf('\n') + 1) : text, size };
  } finally {
    await handle.close();
  }
}
