import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '@zeke/assistant';
import { maxListedFiles } from './project-resources.ts';

/** Paths of a project's files from its root: tracked and new ones in a git work tree, else what is there. */
export async function projectFiles({ root }: Project): Promise<readonly string[]> {
  return (await gitFiles(root)) ?? (await walk(root));
}

async function gitFiles(root: string): Promise<string[] | undefined> {
  const git = Bun.spawn(
    [
      'git',
      '-C',
      root,
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
      '--deduplicate',
    ],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' },
  );
  const text = await git.stdout.text();
  if ((await git.exited) !== 0) return undefined;
  return text
    .split('\0')
    .filter((path) => path !== '')
    .slice(0, maxListedFiles);
}

async function walk(root: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [''];
  for (const folder of folders) {
    if (found.length >= maxListedFiles || folders.length > maxFolders) break;
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  return found.slice(0, maxListedFiles);
}

/** Folders that are looked into where there is no git. */
const maxFolders = 1_000;
