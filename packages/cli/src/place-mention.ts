import { statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * What stands for a place in words to the assistant: `src/a.ts:3-9` is `@file:src/a.ts:3-9`, a folder
 * `@dir:src`. Undefined where nothing is there, relative to `cwd`.
 */
export function placeMention(place: string, cwd: string): string | undefined {
  if (/["\n]/.test(place)) return undefined;
  const whole = kindOf(place, cwd);
  if (whole !== undefined) return `@${whole}:${quoted(place)}`;
  const [, path = '', lines = ''] = /^(.+):(\d{1,8}(?:-\d{1,8})?)$/.exec(place) ?? [];
  return kindOf(path, cwd) === 'file' ? `@file:${quoted(path)}:${lines}` : undefined;
}

function kindOf(path: string, cwd: string): 'file' | 'dir' | undefined {
  if (path === '') return undefined;
  try {
    return statSync(resolve(cwd, path)).isDirectory() ? 'dir' : 'file';
  } catch {
    // Nothing is there, or it is for others to see.
    return undefined;
  }
}

/** Blanks and signs would end it. */
function quoted(path: string): string {
  return /^[\w./+@-]*[\w/]$/.test(path) ? path : `"${path}"`;
}
