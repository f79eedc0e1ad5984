import { relative } from 'node:path';
import type { ParsedPattern } from './rule.ts';

/**
 * The pattern of a path as rules have it: a glob, from the project's root, from `/`, or from `~/`. One
 * without a slash fits names at any depth (`./` before it: only there), and one that names a folder all
 * below it, as in a `.gitignore`.
 */
export function pathPattern(text: string): ParsedPattern {
  if (text.startsWith('!'))
    return { fault: 'a pattern cannot begin with "!": turn the rule around' };
  if (text.split('/').includes('..'))
    return { fault: '".." has no place in a pattern: name the folder itself' };
  if (/^~[^/]/.test(text)) return { fault: 'only "~/" is understood, for your own home' };
  return { pattern: text.replace(/^\/\//, '/') };
}

export interface PathSetting {
  /** Absolute and resolved. */
  readonly root: string;
  readonly home?: string | undefined;
}

/** Whether an absolute, resolved path fits a pattern. */
export function matchesPath(pattern: string, path: string, setting: PathSetting): boolean {
  const { root, home } = setting;
  if (pattern.startsWith('~/')) {
    return home !== undefined && fits(pattern.slice(2), relativeTo(home, path));
  }
  if (pattern.startsWith('/')) return fits(pattern.slice(1), path.slice(1));
  const inside = relativeTo(root, path);
  if (pattern.startsWith('./')) return fits(pattern.slice(2), inside);
  if (pattern.replace(/\/$/, '').includes('/')) return fits(pattern, inside);
  return fits(pattern, inside) || fits(`**/${pattern}`, inside);
}

/** A pattern that fits this path alone, or with `below` all in that folder. */
export function showPathPattern(path: string, below: boolean, { root }: PathSetting): string {
  const inside = relativeTo(root, path);
  const escaped = (inside ?? path).replace(/[*?[\]{}!\\]/g, '\\$&');
  if (below) return escaped === '' ? '**' : `${escaped === '/' ? '' : escaped}/**`;
  return inside === undefined || inside.includes('/') ? escaped : `./${escaped}`;
}

/** The path below a folder, `''` for the folder itself; undefined where it is not below. */
function relativeTo(folder: string, path: string): string | undefined {
  if (path === folder) return '';
  const inside = relative(folder, path);
  return inside.startsWith('../') || inside === '..' ? undefined : inside;
}

function fits(pattern: string, path: string | undefined): boolean {
  if (path === undefined) return false;
  const plain = pattern.replace(/\/$/, '');
  return glob(plain).match(path) || glob(`${plain}/**`).match(path);
}

const globs = new Map<string, Bun.Glob>();
/** Rules are few; what is over is made anew. */
const maxGlobs = 1_000;

function glob(pattern: string): Bun.Glob {
  const known = globs.get(pattern);
  if (known !== undefined) return known;
  const made = new Bun.Glob(pattern);
  if (globs.size >= maxGlobs) globs.clear();
  globs.set(pattern, made);
  return made;
}
