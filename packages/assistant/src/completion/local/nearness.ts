import { levels } from './predictor.ts';
import type { Segment } from './segment.ts';

/** The level of each file of a segment, seen from the file at `path`, which itself is left out. */
export function levelsFrom(path: string, segment: Segment): Uint8Array {
  const folder = folderOf(path);
  const parent = folderOf(folder);
  const grandparent = folderOf(parent);
  let lastFolder: string | undefined;
  let lastLevel = 0;
  return Uint8Array.from(segment.files, (file) => {
    if (file.path === path) return levels.dead;
    const other = folderOf(file.path);
    if (other === lastFolder) return lastLevel;
    lastFolder = other;
    lastLevel = levelOf(other, folder, parent, grandparent);
    return lastLevel;
  });
}

/** Near is what is two steps away in the tree of folders at most, below the root. */
function levelOf(other: string, folder: string, parent: string, grandparent: string): number {
  if (other === folder) return levels.folder;
  const above = folderOf(other);
  const isSibling = parent !== '' && above === parent;
  const isAbove = other !== '' && (other === parent || other === grandparent);
  const isBelow = folder !== '' && (above === folder || folderOf(above) === folder);
  return isSibling || isAbove || isBelow ? levels.near : levels.project;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
