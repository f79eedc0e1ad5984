import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { blocksOf, root } from '../support/documentation.ts';
import { installPackages, writeProgram } from '../support/documented-program.ts';

const timeoutMs = 30_000;
/** Bun, or what `scripts/test-rpc-node.sh` names. */
const runtime = process.env.ZRPC_TEST_RUNTIME ?? process.execPath;
const documentedFolder = '/tmp/';
const documentedSocket = '/tmp/greeter.sock';
const zrpc = join(root, 'packages/rpc/src/zrpc.ts');

test(
  'the server and the client of the guide',
  async () => {
    await using folder = await programsOf('docs/guide/rpc.md');
    await using server = await startServer(folder.path);
    expect(await runProgram(folder.path, ['src/client.ts'])).toEqual({
      code: 0,
      stdout:
        'Hello Ada of Acme\n0 Ada\n1 Ada\n2 Ada\n3 Ada\ninvalid_argument name: say whom to greet\n',
      stderr: '',
    });
    await runCommands('docs/guide/rpc.md', folder.path);
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  },
  timeoutMs,
);

test(
  'the server and the client of the README of zrpc',
  async () => {
    await using folder = await programsOf('packages/rpc/README.md');
    await using _server = await startServer(folder.path);
    expect(await runProgram(folder.path, ['src/client.ts'])).toEqual({
      code: 0,
      stdout: 'Hello Ada\nHello Ada\nBonjour Ada\nMerhaba Ada\n',
      stderr: '',
    });
    await runCommands('packages/rpc/README.md', folder.path);
  },
  timeoutMs,
);

test(
  'the orders of the guide, of which some are not for everybody',
  async () => {
    await using folder = await programsOf('docs/guide/rpc.md');
    const { code, stdout, stderr } = await runProgram(folder.path, ['src/orders.ts']);
    expect(stdout).toBe('sent\ndeleted by ops\n');
    expect(stderr).toContain('unauthenticated');
    expect(code).toBe(1);
  },
  timeoutMs,
);

test(
  'the registry and the plugin of the guide',
  async () => {
    await using folder = await programsOf('docs/guide/rpc.md');
    const [registry, host] = await Promise.all([
      runProgram(folder.path, ['src/registry.ts']),
      runProgram(folder.path, ['src/host.ts']),
    ]);
    expect(registry).toEqual({ code: 0, stdout: 'Hi Ada\n', stderr: '' });
    expect(host).toEqual({ code: 0, stdout: 'Hello Ada, from a plugin\n', stderr: '' });
  },
  timeoutMs,
);

/** The programs of a page in a folder, with sockets and files of their own. */
async function programsOf(page: string): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await temporaryDirectory();
  installPackages(folder.path);
  for (const path of writeProgram(page, folder.path)) {
    const file = join(folder.path, path);
    writeFileSync(file, within(folder.path, readFileSync(file, 'utf8')));
  }
  return folder;
}

function within(folder: string, text: string): string {
  return text.replaceAll(documentedFolder, `${folder}/`);
}

type Server = AsyncDisposable & Pick<Bun.Subprocess, 'kill' | 'exited'>;

/** Runs the server until it has said where it is. */
async function startServer(folder: string): Promise<Server> {
  const child = start(folder, ['src/server.ts']);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toBe(`unix:${join(folder, 'greeter.sock')}\n`);
  return {
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

/** The commands of a page that ask this server, but those that measure for seconds. */
async function runCommands(page: string, folder: string): Promise<void> {
  const commands = blocksOf(readFileSync(join(root, page), 'utf8'))
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.includes(documentedSocket) && !line.startsWith('zrpc bench'));
  expect(commands.length).toBeGreaterThan(1);
  const results = await Promise.all(commands.map((command) => runCommand(command, folder)));
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    expect({ command: commands[i], code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/Greeter|Hello Ada/);
  }
}

async function runCommand(command: string, folder: string): Promise<Result> {
  const words = within(folder, command.replace(/ # .*/, '')).match(/'[^']*'|\S+/g) ?? [];
  const [, ...args] = words.map((word) => word.replaceAll("'", ''));
  return await runProgram(folder, [zrpc, ...args]);
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runProgram(folder: string, args: string[]): Promise<Result> {
  const child = start(folder, args);
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}

function start(folder: string, args: string[]): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  return Bun.spawn([runtime, ...args], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '' },
  });
}
