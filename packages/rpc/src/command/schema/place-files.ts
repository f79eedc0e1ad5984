import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** `.proto` files as the compiler takes them. */
export interface PlacedFiles {
  readonly files: readonly string[];
  /** In the order in which they are looked into. */
  readonly importPaths: readonly string[];
}

/** A file as a shell names it; `folder` where it was found in a folder that was named. */
export interface NamedFile {
  readonly path: string;
  readonly folder?: string;
}

/**
 * Gives files their import paths. A file that lies in a given import path is known by its name from
 * there on, as with protoc; any other, from the folder that was named, or from the working directory,
 * or, outside of that, from its own folder on. So one import path more takes none away.
 */
export function placeFiles(named: readonly NamedFile[], given: readonly string[]): PlacedFiles {
  const added = new Set<string>();
  const files = named.map(({ path, folder }) => {
    const root = rootOf(path, given);
    if (root !== undefined) return join(root, relative(root, path));
    added.add(folder ?? (isOutside(path) ? dirname(path) : '.'));
    return path;
  });
  if (given.length === 0) added.add('.');
  return { files, importPaths: [...given, ...added] };
}

/** The innermost import path that holds a file. */
function rootOf(path: string, given: readonly string[]): string | undefined {
  const whole = resolve(path);
  const roots = given.filter((root) => whole.startsWith(join(resolve(root), '/')));
  return roots.sort((left, right) => resolve(right).length - resolve(left).length)[0];
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || /^(?:\.\/)*\.\.\//.test(path);
}
