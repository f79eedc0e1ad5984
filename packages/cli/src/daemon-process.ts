import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ResolvedConfig } from '@zeke/foundation/config';
import { findRunning, withFileLock } from '@zeke/foundation/home';
import type { DaemonClient } from '@zeke/protocol/client';
import { RpcError } from '@zeke/rpc';
import type { ConfigFlags } from './config.ts';
import type { Context } from './context.ts';
import { lastLines } from './log-lines.ts';
import { ownCommand } from './own-command.ts';

/** What a daemon that runs says of itself. */
export type DaemonHealth = Awaited<ReturnType<DaemonClient['health']['check']>>;

/** How long the daemon may take to be ready, in milliseconds: it may have a database to move. */
const startLimitMs = 30_000;
/** How long a daemon may take to say that it is there, in milliseconds. */
const answerLimitMs = 2_000;
/** A log file of more bytes is put aside at a start, in place of the one before it. */
const maxLogBytes = 10 * 1024 * 1024;
/** In the background process: the descriptor that it closes when it is ready. */
export const readyDescriptor = 3;

/** What calls a daemon. It takes as long to load as a daemon takes to start, so both are done at once. */
export function loadClient(): Promise<typeof import('@zeke/protocol/client')> {
  return import('@zeke/protocol/client');
}

/** The daemon's Unix socket. */
export function socketIn(home: string): string {
  return join(home, 'zeke.sock');
}

/** What answers at the Unix socket of this `$ZEKE_HOME`; undefined where nothing does. */
export async function daemonHealth(home: string): Promise<DaemonHealth | undefined> {
  const socket = socketIn(home);
  if (!existsSync(socket)) return undefined;
  const { connectDaemon } = await loadClient();
  await using client = await connectDaemon({ socket }, { attempts: 1, connections: 1 });
  return await client.health.check({}, { timeoutMs: answerLimitMs }).catch(() => undefined);
}

/**
 * Starts the daemon of this user in the background, unless it runs; two commands at once start one.
 * Throws `unavailable` with the end of its log where it does not come up.
 */
export async function startDaemonProcess(
  context: Context,
  flags: ConfigFlags,
  config: ResolvedConfig,
): Promise<'started' | 'running'> {
  return await withFileLock(join(config.home, 'daemon.lock'), async () => {
    if ((await daemonHealth(config.home)) !== undefined) return 'running';
    await launch(context, flags, config);
    return 'started';
  });
}

async function launch(
  { environment }: Context,
  flags: ConfigFlags,
  { daemon: { logFile }, home }: ResolvedConfig,
): Promise<void> {
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  await putAside(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const [program, ...args] = ownCommand();
  const config = flags.config === undefined ? [] : ['--config', flags.config];
  // A zeke.toml of the folder that the user happens to stand in is not for a daemon of all projects.
  const child = spawn(program, [...args, 'daemon', 'run', ...config], {
    cwd: home,
    detached: true,
    env: environment as NodeJS.ProcessEnv,
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  const [isReady] = await Promise.all([
    cameUp(child.stdio[readyDescriptor] as Readable, child),
    loadClient(),
  ]);
  child.unref();
  if (isReady) return;
  const said = (await lastLines(logFile, 20)).join('\n  ');
  throw new RpcError(
    'unavailable',
    `the daemon did not start. Its log, ${logFile}, ends:\n  ${said}`,
  );
}

/** True with its word; false when it ends without, or says nothing in time. */
function cameUp(word: Readable, child: ReturnType<typeof spawn>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), startLimitMs);
  word.once('data', () => resolve(true));
  word.once('error', () => resolve(false));
  child.once('exit', () => resolve(false));
  child.once('error', () => resolve(false));
  return promise.finally(() => {
    clearTimeout(timer);
    word.destroy();
  });
}

async function putAside(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(logFile, `${logFile}.1`);
}

/**
 * Ends the daemon: in good order, which may take as long as its requests are given; with `force` at
 * once. False where none runs. Throws `deadline_exceeded` when it does not end.
 */
export async function stopDaemonProcess(
  { home, server }: ResolvedConfig,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const health = await daemonHealth(home);
  const pid = health?.pid ?? (force ? (await findRunning(home))?.pid : undefined);
  if (pid === undefined) return false;
  process.kill(pid, force ? 'SIGKILL' : 'SIGTERM');
  const limitMs = force ? answerLimitMs : server.drainDelayMs + server.shutdownTimeoutMs + 5_000;
  const endsAt = performance.now() + limitMs;
  while (isAlive(pid)) {
    signal.throwIfAborted();
    if (performance.now() > endsAt) {
      const message = `process ${pid} has not ended: zeke daemon stop --force ends it at once`;
      throw new RpcError('deadline_exceeded', message);
    }
    await Bun.sleep(pollMs);
  }
  return true;
}

const pollMs = 20;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
