import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const filesOfEach = 250;

/** Makes so many projects of 250 TypeScript files each in a folder, of this repository's own, each of others. */
export async function makeProjects(
  repository: string,
  folder: string,
  count: number,
): Promise<string[]> {
  const sources = await sourcesOf(join(repository, 'packages'));
  const step = Math.floor(sources.length / count);
  const roots: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const root = join(folder, `project-${n}`);
    await mkdir(join(root, 'src'), { recursive: true });
    for (let i = 0; i < filesOfEach; i += 1) {
      const source = sources[(n * step + i) % sources.length] ?? '';
      await cp(source, join(root, 'src', `file-${i}.ts`));
    }
    Bun.spawnSync(['git', 'init', '-q', root]);
    roots.push(root);
  }
  return roots;
}

async function sourcesOf(packages: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(packages)) {
    const folder = join(packages, name, 'src');
    for (const path of await readdir(folder, { recursive: true }).catch(() => [])) {
      if (path.endsWith('.ts')) found.push(join(folder, path));
    }
  }
  return found.sort();
}
