import { copyFile, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { TextReader, temporaryDirectory } from '@zeke/foundation/testing';
import { connectDaemon } from '@zeke/protocol/client';

/** A git repository, a home of zeke with an emulated provider in it, and the command `zeke` over both. */
export interface ProjectHouse extends AsyncDisposable {
  readonly home: string;
  /** The repository; its files are committed. */
  readonly root: string;
  readonly emulator: Emulator;
  /** What `zeke` is started by, for programs that start it themselves. */
  readonly launcher: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs `zeke` in the repository to its end; it starts the daemon where it needs one. */
  zeke(...args: string[]): Promise<Ended>;
  /** The same, with a text piped in. */
  pipe(input: string, ...args: string[]): Promise<Ended>;
  /** Starts `zeke` in the repository and does not wait; disposing kills it. */
  start(...args: string[]): StartedZeke;
  /** Of the daemon that runs. */
  daemon(): Promise<RunningDaemon>;
  /** Runs a program in the repository. Its exit code. */
  run(...command: string[]): Promise<number>;
}

interface StartedZeke extends AsyncDisposable {
  readonly stdout: TextReader;
  readonly stderr: TextReader;
  readonly exited: Promise<number>;
  kill(signal: 'SIGINT' | 'SIGTERM'): void;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunningDaemon {
  readonly pid: number;
  /** Where gRPC is spoken, `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  readonly socket: string;
}

const launcher = join(import.meta.dir, '../../zeke');

/** No daemon runs yet; disposing ends the one that was started. */
export async function projectHouse(
  files: Readonly<Record<string, string>>,
  brain: Brain,
): Promise<ProjectHouse> {
  await using parts = new AsyncDisposableStack();
  const folder = await realpath(parts.use(await temporaryDirectory()).path);
  const home = join(folder, 'home');
  const root = join(folder, 'project');
  await mkdir(home);
  const emulator = parts.use(startOpenAiEmulator({ brain }));
  await Bun.write(join(home, 'zeke.toml'), configuration(emulator.url));
  // Models here run `bun`, as people have it: where the sandbox shows it, which /tmp is not.
  const programs = await mkdtemp(join(homedir(), '.zeke-test-'));
  parts.defer(() => rm(programs, { recursive: true, force: true }));
  await copyFile(process.execPath, join(programs, 'bun'));
  const env = {
    PATH: `${programs}:${process.env.PATH}`,
    HOME: home,
    ZEKE_HOME: home,
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  for (const [path, text] of Object.entries(files)) await Bun.write(join(root, path), text);
  const start = (command: readonly string[], stdin: 'ignore' | Blob = 'ignore') =>
    Bun.spawn([...command], { cwd: root, env, stdin, stdout: 'pipe', stderr: 'pipe' });
  const pipe = async (input: string | undefined, ...args: string[]): Promise<Ended> => {
    const child = start([launcher, ...args], input === undefined ? 'ignore' : new Blob([input]));
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, stdout, stderr };
  };
  const zeke = (...args: string[]) => pipe(undefined, ...args);
  const run = async (...command: string[]) => await start(command).exited;
  await run('git', 'init', '-q');
  await run('git', 'add', '-A');
  if ((await run('git', 'commit', '-q', '-m', 'first')) !== 0) throw new Error('git commit failed');
  parts.defer(async () => void (await zeke('daemon', 'stop', '--force')));
  const owned = parts.move();
  return {
    home,
    root,
    emulator,
    launcher,
    environment: env,
    zeke,
    pipe,
    run,
    start: (...args) => started(start([launcher, ...args])),
    daemon: () => daemonOf(home),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function started(child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>): StartedZeke {
  return {
    stdout: new TextReader(child.stdout),
    stderr: new TextReader(child.stderr),
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

function configuration(url: string): string {
  return `[server]
port = 0
[rpc]
port = 0
[providers.openai]
type = "openai"
api_key = "emulated"
base_url = "${url}/v1"
[assistant]
model = "openai/gpt-4.1-mini"
`;
}

/** By what it has written in its log, and what it says of itself. */
async function daemonOf(home: string): Promise<RunningDaemon> {
  const lines = (await readFile(join(home, 'daemon.log'), 'utf8')).trim().split('\n');
  const ready = lines.map((line) => JSON.parse(line)).findLast(({ msg }) => msg === 'rpc ready');
  const token = await readFile(join(home, 'rpc-token'), 'utf8');
  await using client = await connectDaemon({ socket: ready.socket }, { connections: 1 });
  const { pid } = await client.health.check({});
  return { pid, url: ready.url, socket: ready.socket, token };
}
