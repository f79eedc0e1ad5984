import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, loadConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { type Daemon, runDaemon } from '../run-daemon.ts';

/** A daemon over a project, with an emulated provider behind it. */
export interface AssistantBench extends AsyncDisposable {
  readonly home: string;
  /** The project's root: a git repository whose files are committed. */
  readonly root: string;
  readonly daemon: Daemon;
  readonly emulator: Emulator;
  /** Of the daemon's Unix socket. */
  readonly socket: string;
  /** Restarts the daemon on the same home and port of RPC. */
  restart(): Promise<void>;
}

export interface AssistantBenchOptions {
  readonly brain: Brain;
  readonly files: Readonly<Record<string, string>>;
  /** More of `zeke.toml`. */
  readonly toml?: string;
}

/** What an answer of a scripted model takes. */
export const tokensOfAnswer = { input: 400, cachedInput: 0, output: 40, reasoning: 0 };

/** Starts it; models are those of `openai/…`, `gpt-4.1-mini` where nobody says another. */
export async function assistantBench({
  brain,
  files,
  toml = '',
}: AssistantBenchOptions): Promise<AssistantBench> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryDirectory());
  const home = join(folder.path, 'home');
  const root = join(await realpath(folder.path), 'project');
  await mkdir(home);
  for (const [path, text] of Object.entries(files)) await Bun.write(join(root, path), text);
  await commitAll(root);
  const emulator = parts.use(startOpenAiEmulator({ brain }));
  await Bun.write(
    join(home, 'zeke.toml'),
    `[server]
port = 0
[rpc]
port = 0
[providers.openai]
type = "openai"
api_key = "emulated"
base_url = "${emulator.url}/v1"
[assistant]
model = "openai/gpt-4.1-mini"
${toml}`,
  );
  // Models run `bun` where the sandbox shows it, which /tmp is not.
  const programs = await mkdtemp(join(homedir(), '.zeke-test-'));
  parts.defer(() => rm(programs, { recursive: true, force: true }));
  await copyFile(process.execPath, join(programs, 'bun'));
  let daemon = await start(home, programs);
  parts.defer(() => daemon.stop());
  const owned = parts.move();
  return {
    home,
    root,
    emulator,
    get daemon() {
      return daemon;
    },
    socket: join(home, 'zeke.sock'),
    async restart() {
      await daemon.stop();
      daemon = await start(home, programs);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function start(home: string, programs: string): Promise<Daemon> {
  const environment = { ZEKE_HOME: home, HOME: home, PATH: `${programs}:${process.env.PATH}` };
  const loaded = await loadConfig({ cwd: home, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return await runDaemon({
    config: loaded.config,
    environment,
    log: createLogger({ level: 'silent' }),
  });
}

async function commitAll(root: string): Promise<void> {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  for (const command of [
    ['init', '-q'],
    ['add', '-A'],
    [...identity, 'commit', '-q', '-m', 'first'],
  ]) {
    const git = Bun.spawn(['git', '-C', root, ...command], { stdout: 'ignore', stderr: 'inherit' });
    if ((await git.exited) !== 0) throw new Error(`git ${command.join(' ')} failed`);
  }
}
