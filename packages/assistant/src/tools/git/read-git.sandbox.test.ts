import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GroupGuard } from '@zeke/foundation';
import { skipsWithout } from '@zeke/foundation/testing';
import { findSandbox } from '../../sandbox/find-sandbox.ts';
import { ShellHost } from '../shell/shell-host.ts';
import { shellTools } from '../shell/shell-tools.ts';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import { gitTools } from './git-tools.ts';
import { gitReader } from './read-git.ts';

/** A command in the sandbox makes a repository whose filter writes outside: git is asked about it after. */
describe('a repository that a command has made', () => {
  if (skipsWithout('bubblewrap')) return;
  const parts = new AsyncDisposableStack();
  let here: ToolBench;
  let mark: string;
  beforeAll(async () => {
    // Not in /tmp, which is another one in the sandbox.
    const base = await realpath(await mkdtemp(join(homedir(), '.zeke-test-')));
    parts.defer(() => rm(base, { recursive: true, force: true }));
    const zekeHome = join(base, '.zeke');
    await mkdir(zekeHome);
    const environment = { PATH: Bun.env.PATH, HOME: base };
    const shell = parts.use(
      new ShellHost({
        sandbox: await findSandbox(Bun.env.PATH),
        settings: async () => ({}),
        environment,
        home: base,
        zekeHome,
        folder: (id) => join(zekeHome, id),
        guard: parts.use(new GroupGuard()),
      }),
    );
    const readGit = gitReader({ environment, shell });
    const tools = [...shellTools(shell), ...gitTools({ readGit, shell })];
    here = parts.use(await toolBench(tools, { 'a.txt': 'one\n' }));
    mark = join(base, 'escaped');
  });
  afterAll(() => parts.disposeAsync());

  const author = '-c user.name=a -c user.email=a@b';
  const filter = () => `filter.evil.clean 'sh -c "touch ${mark} ran; cat"'`;

  test('runs its filters within the walls that commands have', async () => {
    const made = await here.call('shell', {
      command: `set -e; git init -q .; git config ${filter()}; echo 'a.txt filter=evil' > .gitattributes
        git add -A 2>/dev/null; git ${author} commit -qm x; rm -f ran; echo 1 > a.txt`,
    });
    expect(made.text).toContain('exit code 0');
    const { text } = await here.call('git_status', {});
    expect(text).toContain('a.txt');
    expect((await here.call('git_diff', {})).text).toContain('+1');
    expect(existsSync(mark)).toBe(false);
    // Asking is no way to write either.
    expect(existsSync(join(here.root, 'ran'))).toBe(false);
  });

  test('cannot take its configuration from elsewhere to get out', async () => {
    const made = await here.call('shell', {
      command: `set -e; cp -r .git elsewhere; git config --file elsewhere/config ${filter()}
        echo ../elsewhere > .git/commondir; echo 2 > a.txt`,
    });
    expect(made.text).toContain('exit code 0');
    expect((await here.call('git_diff', {})).text).toContain('+2');
    expect(existsSync(mark)).toBe(false);
  });
});
