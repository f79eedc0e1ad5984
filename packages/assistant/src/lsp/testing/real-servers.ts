import { mkdir, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import type { Project } from '../../project/project.ts';
import { serverSpecs } from '../language-server-spec.ts';
import { LanguageServers, type LanguageServersOptions } from '../language-servers.ts';

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

export interface TestProject extends AsyncDisposable {
  readonly project: Project;
  /** The absolute path of a file. */
  path(name: string): string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** A project of these files, with the language servers that are devDependencies in its node_modules. */
export async function testProject(files: Readonly<Record<string, string>>): Promise<TestProject> {
  const directory = await temporaryDirectory();
  const root = await realpath(directory.path);
  const path = (name: string) => join(root, name);
  const write = async (written: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(written)) {
      await mkdir(dirname(path(name)), { recursive: true });
      await Bun.write(path(name), text);
    }
  };
  await write(files);
  return {
    project: { root, name: 'test' },
    path,
    write,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Installs one of our devDependencies in a project, as a package manager would. */
export async function install({ path }: TestProject, name: string, as = name): Promise<void> {
  const target = await realpath(join(modules, name));
  await mkdir(path('node_modules/.bin'), { recursive: true });
  await symlink(target, path(`node_modules/${as}`));
  const { bin = {} } = (await Bun.file(join(target, 'package.json')).json()) as {
    bin?: Record<string, string>;
  };
  for (const [program, file] of Object.entries(bin)) {
    const link = path(`node_modules/.bin/${program}`);
    await symlink(join(target, file), link);
  }
}

/** A pool that may start everything. */
export function testServers(options: Partial<LanguageServersOptions> = {}): LanguageServers {
  return new LanguageServers({
    specs: serverSpecs(new Map()),
    environment: { ...Bun.env, PATH: '/usr/local/bin:/usr/bin:/bin' },
    log: createLogger({ level: 'silent' }),
    mayStart: () => true,
    ...options,
  });
}
