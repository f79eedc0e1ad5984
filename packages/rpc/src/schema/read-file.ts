import { readFileSync } from 'node:fs';
import type { ReadFile } from './load-files.ts';

/** Reads from the file system; what is no file, or in no directory, does not exist. */
export const readFile: ReadFile = (path) => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
