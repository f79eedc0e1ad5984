import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GroupGuard } from '@zeke/foundation';
import { skipsWithout } from '@zeke/foundation/testing';
import type { SandboxSettings } from '../../permissions/rules-file.ts';
import { type FoundSandbox, findSandbox } from '../../sandbox/find-sandbox.ts';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import type { ToolOutput } from '../tool.ts';
import { ShellHost } from './shell-host.ts';
import { shellTools } from './shell-tools.ts';

interface House extends AsyncDisposable {
  readonly bench: ToolBench;
  readonly host: ShellHost;
  readonly base: string;
  shell(command: string, more?: object): Promise<ToolOutput>;
}

async function house(sandbox: FoundSandbox, settings: SandboxSettings = {}): Promise<House> {
  const guard = new GroupGuard();
  // Not in /tmp, which is another one in the sandbox.
  const base = await realpath(await mkdtemp(join(homedir(), '.zeke-test-')));
  const host = new ShellHost({
    sandbox,
    settings: async () => settings,
    environment: {
      PATH: Bun.env.PATH,
      HOME: '/nowhere',
      MY_TOKEN: 'token',
      GREETING: 'hello',
      BASH_ENV: '/evil',
      DATABASE_URL: 'postgres://me:pass@host/db',
    },
    home: join(base, 'home'),
    zekeHome: join(base, 'home/.zeke'),
    folder: (id) => join(base, 'home/.zeke/sessions', id),
    guard,
  });
  const bench = await toolBench(shellTools(host), { 'a.txt': 'alpha\n' });
  await mkdir(join(base, 'home/.ssh'), { recursive: true });
  await writeFile(join(base, 'home/.ssh/id_rsa'), 'private');
  await mkdir(join(base, 'home/.zeke'));
  await writeFile(join(base, 'home/.zeke/key'), 'private');
  await writeFile(join(base, 'outside.txt'), 'outside');
  return {
    bench,
    host,
    base,
    shell: (command, more = {}) => bench.call('shell', { command, ...more }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await guard[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
}

const off: FoundSandbox = { kind: 'none', reason: 'for this test' };
const found = await findSandbox(Bun.env.PATH);

/** Processes that carry a text in their command line, but for zombies. */
async function running(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
}

async function gone(text: string): Promise<void> {
  while ((await running(text)).length > 0) await Bun.sleep(10);
}

/** A number no other process has in its command line. */
let mark = 1_000_000 + process.pid * 100;
const sleeper = (): string => String(mark++);

describe.each(['without a sandbox', 'in a sandbox'])('%s', (kind) => {
  const isConfined = kind === 'in a sandbox';
  if (isConfined && skipsWithout('bubblewrap')) return;
  let here: House;
  beforeAll(async () => {
    here = await house(isConfined ? found : off);
  });
  afterAll(() => here[Symbol.asyncDispose]());

  test('what it printed, in its order, and how it ended', async () => {
    const output = await here.shell('echo one; echo two >&2; cat a.txt; exit 3');
    expect(output.text).toMatch(/^one\ntwo\nalpha\n\[exit code 3, \d+\.\d s\]$/);
    expect(output.isError).toBe(true);
    expect((await here.shell('true')).text).toMatch(/^\(no output\)\n\[exit code 0/);
  });

  test('variables and the folder are what was asked for, and secrets are not there', async () => {
    await here.bench.write('src/x', '');
    const script = 'pwd; echo "$A $GREETING [$MY_TOKEN$DATABASE_URL$BASH_ENV]"';
    const { text } = await here.shell(script, { cwd: 'src', env: { A: "it's" } });
    expect(text).toContain(`${join(here.bench.root, 'src')}\nit's hello []\n`);
    const judged = await here.bench.actions('shell', { command: 'ls', env: { PATH: '/x' } });
    expect(judged).toEqual([
      { kind: 'shell', command: "export PATH='/x'\nls", cwd: here.bench.root },
    ]);
  });

  test('a folder that is not there is told', async () => {
    expect(await here.shell('ls', { cwd: 'none' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('none: there is no such folder'),
    });
  });

  test('a command line that is too long for the system is told', async () => {
    const call = here.bench.actions('shell', { command: `echo ${'x'.repeat(120_000)}` });
    expect(await call.catch((error) => error.message)).toContain('over 120000 bytes');
  });

  test('input is at its end, and there is no terminal to read from', async () => {
    const { text } = await here.shell('cat; read x < /dev/tty; echo "read $?"');
    expect(text).toContain('read 1');
  });

  test('with a terminal it is one, and its colours are not shown', async () => {
    const { text } = await here.shell(
      'tty; tput cols; printf "\\033[31mred\\033[0m 1%%\\r2%%\\n"; echo x > /dev/tty',
      { tty: true },
    );
    expect(text).toMatch(/^\/dev\/(?:pts\/\d+|console)\n120\n2%\nx\n/);
  });

  test('what never ends is ended, with all that it started, whatever sessions those made', async () => {
    const number = sleeper();
    const command = `setsid sleep ${number} & (trap '' TERM; sleep ${number}; sleep ${number}) & sleep ${number}`;
    const output = await here.shell(command, { timeout_seconds: 1 });
    expect(output).toMatchObject({
      isError: true,
      text: expect.stringContaining('time limit of 1 s'),
    });
    expect(await running(number)).toEqual([]);
  }, 20_000);

  test('what it leaves behind ends with it', async () => {
    const number = sleeper();
    const { text } = await here.shell(`setsid sleep ${number} & sleep ${number} & echo started`);
    expect(text).toContain('started\n[exit code 0');
    await gone(number);
  });

  test('a canceled call ends its command', async () => {
    const number = sleeper();
    const controller = new AbortController();
    const call = here.bench.call(
      'shell',
      { command: `echo ready; sleep ${number}` },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    expect(await call.catch((error) => error.code)).toBe('canceled');
    await gone(number);
  });

  test('a flood is cut in the middle and kept in a file that commands can read', async () => {
    const { text } = await here.shell('seq 1 400000');
    expect(text.length).toBeLessThan(40_000);
    expect(text).toStartWith('1\n2\n');
    expect(text).toContain('\n400000\n[exit code 0');
    const [, path = ''] = /all of them are in (\S+) …/.exec(text) ?? [];
    expect((await here.shell(`wc -l < ${path}`)).text).toStartWith('400000\n');
  });

  test('a flood without end is ended', async () => {
    const output = await here.shell('yes', { timeout_seconds: 60 });
    expect(output).toMatchObject({
      isError: true,
      text: expect.stringContaining('more than 256 MiB'),
    });
  }, 60_000);

  test('jobs: read, written to, listed, stopped', async () => {
    const number = sleeper();
    const script = `echo ready; while read -r line; do echo "got $line"; done; echo over; sleep ${number}`;
    const { text } = await here.shell(script, { background: true });
    const id = Number(/job (\d+)/.exec(text)?.[1]);
    const read = async (until: string): Promise<string> => {
      let all = '';
      while (!all.includes(until)) {
        all += (await here.bench.call('shell_output', { id, wait_seconds: 20 })).text;
      }
      return all;
    };
    expect(await read('ready')).toContain(`[job ${id} is running`);
    const answer = await here.bench.call('writeStdin', { id, text: 'a b\n', end: true });
    expect(answer.text + (answer.text.includes('over') ? '' : await read('over'))).toContain(
      'got a b',
    );
    expect((await here.bench.call('shell_jobs', {})).text).toContain(`${id}: running: echo ready`);
    const stopped = await here.bench.call('shell_stop', { id });
    expect(stopped.text).toContain(`job ${id} has ended: stopped after`);
    await gone(number);
    expect((await here.bench.call('shell_output', { id: 99 })).text).toContain(
      'there is no job 99',
    );
  }, 20_000);

  test('jobs have a terminal where asked, and are judged by what is typed', async () => {
    const { text } = await here.shell('bash --norc -i', { background: true, tty: true });
    const id = Number(/job (\d+)/.exec(text)?.[1]);
    const actions = await here.bench.actions('shell_input', { id, text: 'rm -rf /\n' });
    expect(actions).toEqual([
      { kind: 'shell', command: 'bash --norc -i\nrm -rf /\n', cwd: here.bench.root },
    ]);
    let all = (await here.bench.call('shell_input', { id, text: 'test -t 0 && echo ter""minal\n' }))
      .text;
    while (!all.includes('terminal')) {
      all += (await here.bench.call('shell_output', { id, wait_seconds: 20 })).text;
    }
    await here.bench.call('shell_stop', { id });
  }, 20_000);

  test('no more than 16 jobs, and all end with their session', async () => {
    const number = sleeper();
    const call = { background: true };
    const context = { sessionId: 'many' };
    const start = () => here.bench.call('shell', { command: `sleep ${number}`, ...call }, context);
    const started = await Promise.all(Array.from({ length: 16 }, start));
    expect(started.every(({ isError }) => isError !== true)).toBe(true);
    expect((await start()).text).toContain('16 jobs run already');
    await here.host.endSession('many');
    expect(await running(number)).toEqual([]);
  }, 20_000);
});

describe.skipIf(skipsWithout('bubblewrap'))('what the sandbox keeps', () => {
  let here: House;
  beforeAll(async () => {
    here = await house(found);
    await here.bench.write('.git/config', 'old');
    await here.bench.write('.git/hooks/x', '');
    await here.bench.write('.zeke/permissions.toml', '');
  });
  afterAll(() => here[Symbol.asyncDispose]());

  const blocked: [string, (house: House) => string][] = [
    ['a file outside the project', ({ base }) => `echo x > ${base}/outside.txt`],
    ['a file of the system', () => 'touch /etc/zeke-test'],
    ['git configuration', () => 'echo x >> .git/config'],
    ['git hooks', () => 'touch .git/hooks/pre-commit'],
    ['rules of the project', () => 'echo x > .zeke/permissions.toml'],
    ['keys', ({ base }) => `cat ${base}/home/.ssh/id_rsa`],
    ['what zeke keeps', ({ base }) => `cat ${base}/home/.zeke/key`],
    ['the network', () => 'exec 3<> /dev/tcp/127.0.0.1/$PORT'],
    ['sockets of the system', () => 'test -n "$(ls -A /run)"'],
    ['other processes', () => `kill -0 ${process.pid}`],
    ['mounts', () => 'mount -t tmpfs none /mnt'],
    ['other users', () => 'chown 1:1 a.txt && test "$(stat -c %u a.txt)" = 1'],
  ];
  test.each(blocked)('%s', async (_name, command) => {
    using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
    const output = await here.shell(command(here), { env: { PORT: String(server.port) } });
    expect(output.isError).toBe(true);
  });

  test('the project and /tmp can be written, and /tmp stays for the session', async () => {
    const { text } = await here.shell(
      'echo b > b.txt && touch .git/index && echo t > /tmp/t && cat b.txt',
    );
    expect(text).toContain('b\n[exit code 0');
    expect(await here.bench.read('b.txt')).toBe('b\n');
    expect((await here.shell('cat /tmp/t')).text).toStartWith('t\n');
  });

  test('the network and the host are there when they were asked for', async () => {
    using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
    const call = {
      command: `exec 3<> /dev/tcp/127.0.0.1/${server.port} && echo open`,
      network: true,
    };
    expect(await here.bench.actions('shell', call)).toMatchObject([{ reach: 'network' }]);
    expect((await here.bench.call('shell', call)).text).toStartWith('open');
    const out = { command: `echo new > ${here.base}/outside.txt`, outside_sandbox: true };
    expect(await here.bench.actions('shell', out)).toMatchObject([{ reach: 'host' }]);
    expect((await here.bench.call('shell', out)).isError).toBe(false);
    expect(await Bun.file(join(here.base, 'outside.txt')).text()).toBe('new\n');
  });

  test('a command that hits its walls is told of them', async () => {
    expect((await here.shell('touch /etc/x')).text).toContain(
      'commands run in a sandbox (bubblewrap',
    );
  });

  test('settings open it', async () => {
    const settings: SandboxSettings = {
      writable: ['~/cache'],
      network: true,
      environment: ['MY_TOKEN'],
    };
    await using open = await house(found, settings);
    await mkdir(join(open.base, 'home/cache'));
    expect(
      (
        await open.shell(
          `echo $MY_TOKEN > ${open.base}/home/cache/x && cat ${open.base}/home/cache/x`,
        )
      ).text,
    ).toStartWith('token\n');
    expect(await open.bench.actions('shell', { command: 'ls', network: true })).toEqual([
      { kind: 'shell', command: 'ls', cwd: open.bench.root },
    ]);
    expect(await open.host.scratch('session', settings)).toEqual(['/tmp']);
    expect(await open.host.scratch('session', { use: 'off' })).toEqual([
      join(open.base, 'home/.zeke/sessions/session/tmp'),
    ]);
  });

  test('commits of a linked work tree reach its repository, whose configuration stays', async () => {
    const main = join(here.base, 'main');
    const tree = join(here.base, 'tree');
    const git = `git -c user.name=a -c user.email=a@b`;
    await Bun.$`git init -q ${main} && cd ${main} && git -c user.name=a -c user.email=a@b commit -qm one --allow-empty && git worktree add -q ${tree}`.quiet();
    const place = { project: { root: tree, name: 'tree' }, cwd: tree, sessionId: 'tree' };
    const run = (command: string) => here.bench.call('shell', { command }, place);
    const { text } = await run(
      `echo a > a && git add a && ${git} commit -qm two && git log --format=%s`,
    );
    expect(text).toStartWith('two\none\n');
    expect((await run(`echo x >> ${main}/.git/config`)).isError).toBe(true);
    expect((await run(`echo x > ${main}/x`)).isError).toBe(true);
    // A file that only claims to be such a link opens nothing.
    await Bun.write(join(here.base, 'fake/.git'), `gitdir: ${here.base}/home\n`);
    const fake = {
      project: { root: join(here.base, 'fake'), name: 'fake' },
      cwd: join(here.base, 'fake'),
      sessionId: 'fake',
    };
    expect(
      (await here.bench.call('shell', { command: `touch ${here.base}/home/x` }, fake)).isError,
    ).toBe(true);
  });

  test('all of the system is no project that can be confined', async () => {
    const place = { project: { root: '/', name: 'root' }, cwd: '/', sessionId: 'root' };
    const output = await here.bench.call('shell', { command: 'true' }, place);
    expect(output.text).toContain('cannot be confined');
  });

  test('a folder that is opened does not bring its secrets with it, unless they are named', async () => {
    const read = async (writable: string[]) => {
      await using open = await house(found, { writable });
      return (await open.shell(`cat ${open.base}/home/.ssh/id_rsa`)).isError;
    };
    expect(await read(['~/'])).toBe(true);
    expect(await read(['~/.ssh'])).toBe(false);
  });

  test('forks without end are ended', async () => {
    const number = sleeper();
    const bomb = `f() { sleep ${number} & }; for i in {1..300}; do f; done; wait`;
    const output = await here.shell(bomb, { timeout_seconds: 2 });
    expect(output.text).toContain('time limit');
    expect(await running(number)).toEqual([]);
  }, 20_000);
});

test('a sandbox that is required and not there runs nothing', async () => {
  await using here = await house(off, { use: 'required' });
  const error = await here.bench.actions('shell', { command: 'ls' }).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'failed_precondition' });
  expect(error.message).toContain('sandbox.use is required');
});

test('without a sandbox it is said', async () => {
  await using here = await house(off);
  expect(await here.host.describe(here.bench.context)).toBe(
    'commands run without a sandbox: for this test',
  );
  expect(await findSandbox('/nowhere')).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('install the package'),
  });
});
