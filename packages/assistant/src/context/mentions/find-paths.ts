import { readdir } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import { type PathPlace, resolvePath } from '../../project/resolve-path.ts';

/** Of one folder; the rest is counted. */
const maxEntries = 300;

/** Files that somebody may mean by the end of a path: `a.ts`, `src/a.ts`, `a` for `a.ts`. */
export function candidatesFor(files: readonly string[], asked: string): string[] {
  const wanted = asked.replace(/^\.?\//, '');
  if (wanted === '') return [];
  const whole = files.filter((path) => path === wanted || path.endsWith(`/${wanted}`));
  if (whole.length > 0) return whole;
  return files.filter((path) => {
    const stem = path.replace(/\.[^./]+$/, '');
    return stem !== path && (stem === wanted || stem.endsWith(`/${wanted}`));
  });
}

/**
 * The files below a folder, as lines; what is ignored is not among them where the project's `files` are
 * known, else only what is directly in it is listed.
 */
export async function listFolder(
  place: PathPlace,
  asked: string,
  files: readonly string[] | undefined,
): Promise<{ readonly shown: string; readonly text: string } | { readonly reason: string }> {
  try {
    const resolved = await resolvePath(place, asked.replace(/\/+$/, '') || '.');
    const { shown } = resolved;
    if (!resolved.isInside) return { reason: 'it lies outside of the project' };
    if (!resolved.exists) return { reason: 'there is no such folder' };
    const entries = await readdir(resolved.path, { withFileTypes: true });
    const start = shown === '.' ? '' : `${shown}/`;
    const below = files
      ?.filter((path) => path.startsWith(start))
      .map((path) => path.slice(start.length));
    const direct = entries
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .toSorted();
    return { shown, text: cutList(below ?? direct) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return { reason: 'it is a file and not a folder' };
    return { reason: RpcError.from(error).message };
  }
}

function cutList(names: readonly string[]): string {
  if (names.length === 0) return '(empty)';
  const left = names.length - maxEntries;
  const shown = names.slice(0, maxEntries);
  return left > 0 ? [...shown, `(and ${left} more)`].join('\n') : shown.join('\n');
}
