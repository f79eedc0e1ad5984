import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import type { PermissionMode } from '../mode.ts';
import { Permissions, type PermissionsOptions } from '../permissions.ts';

export type House = Awaited<ReturnType<typeof house>>;

/** A home folder with a project in it, and a link of the project that leads out. */
export async function house() {
  const folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  const root = join(base, 'home/shop');
  const zekeHome = join(base, 'home/.zeke');
  await mkdir(join(root, 'src'), { recursive: true });
  await mkdir(join(root, '.zeke'));
  await mkdir(join(base, 'outside'));
  await mkdir(zekeHome);
  await writeFile(join(root, 'src/a.ts'), 'a');
  await symlink(join(base, 'outside'), join(root, 'out'));
  const project = { root, name: 'shop' };
  const open = (options: Partial<PermissionsOptions> = {}) =>
    Permissions.open({ project, zekeHome, home: join(base, 'home'), ...options });
  const says = async (mode: PermissionMode, command: string, options = {}) =>
    (await (await open({ mode, ...options })).explain(command)).verdict;
  return {
    base,
    root,
    zekeHome,
    open,
    says,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
