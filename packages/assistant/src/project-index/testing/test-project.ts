import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';

/** A project in a folder of its own, for one test. */
export interface TestProject extends AsyncDisposable {
  /** Absolute, links resolved. */
  readonly root: string;
  /** For what outlives the project's processes: `$ZEKE_HOME`. */
  readonly home: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(path: string): Promise<void>;
  git(...args: readonly string[]): void;
}

/** All that git is told of the machine it runs on. */
export const testEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** A git work tree with these files, or a plain folder. */
export async function testProject(
  files: Readonly<Record<string, string>>,
  options: { readonly hasGit?: boolean } = {},
): Promise<TestProject> {
  const directory: TemporaryDirectory = await temporaryDirectory();
  const base = await realpath(directory.path);
  const root = join(base, 'project');
  await mkdir(root);
  const project: TestProject = {
    root,
    home: join(base, 'home'),
    async write(written) {
      for (const [path, text] of Object.entries(written)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
      }
    },
    remove: (path) => rm(join(root, path), { recursive: true }),
    git(...args) {
      const ran = Bun.spawnSync(['git', ...args], { cwd: root, env: testEnvironment });
      if (ran.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${ran.stderr}`);
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
  await project.write(files);
  if (options.hasGit !== false) project.git('init', '--quiet', '-b', 'main');
  return project;
}
