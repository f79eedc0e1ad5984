import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Connection } from '../core/connection.ts';
import { RpcError } from '../rpc-error.ts';
import { dialHttp2 } from '../transports/http2/connect-http2.ts';
import { dialUnix } from '../transports/unix/unix.ts';
import { watchMemory } from './memory-watch.ts';
import type { PluginLimits } from './plugin.ts';

export interface PluginProcessOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly protocol?: 'zrpc' | 'grpc';
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits: PluginLimits;
  readonly clock: Clock;
  readonly onLine: (line: string) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  /** `status 1`, `signal SIGSEGV`, `more than 512 MiB of memory`. */
  readonly reason: string;
  /** By `stop`. */
  readonly asked: boolean;
}

/** A plugin's process that runs. */
export interface PluginProcess {
  readonly pid: number;
  /** `unix:` and the path of its socket. */
  readonly address: string;
  readonly ended: Promise<ProcessEnd>;
  /** One more connection. */
  connect(signal?: AbortSignal): Promise<Connection>;
  /** Asks it to end, kills it and what it has started after `timeoutMs`, and removes its socket. */
  stop(timeoutMs: number): Promise<void>;
}

export interface StartedPlugin {
  readonly process: PluginProcess;
  readonly connection: Connection;
}

/**
 * Where `setpriv` is, the kernel kills the program with its parent, even one that is killed itself;
 * elsewhere the end of its standard input says so.
 */
const launch =
  'if command -v setpriv >/dev/null 2>&1; then exec setpriv --pdeathsig KILL -- "$@"; fi; exec "$@"';

const plainPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const connectRetryMs = 10;
const maxLineLength = 8_192;

/**
 * Starts a process and makes the first connection to it.
 * @throws RpcError unavailable when it ends, or is not there in time; nothing of it is left then.
 */
export async function startPluginProcess(options: PluginProcessOptions): Promise<StartedPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-plugin-'));
  const running = new RunningProcess(options, folder);
  try {
    const connection = await running.firstConnection();
    return { process: running, connection };
  } catch (error) {
    await running.stop(0);
    throw error;
  }
}

class RunningProcess implements PluginProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #options: PluginProcessOptions;
  readonly #folder: string;
  readonly #socket: string;
  readonly #child: ChildProcess;
  #end: ProcessEnd | undefined;
  #asked = false;
  #killedFor: string | undefined;

  constructor(options: PluginProcessOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#socket = join(folder, 'socket');
    this.#child = spawn(
      '/bin/sh',
      ['-c', launch, 'sh', ...commandOf(options.command, this.#socket)],
      {
        cwd: options.workingDirectory,
        env: { PATH: plainPath, ...options.environment, ZRPC_PLUGIN_SOCKET: this.#socket },
        // Never written to: it ends with this process.
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own, so that what it starts is killed with it.
        detached: true,
      },
    );
    this.#child.stdin?.on('error', () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) readLines(stream, options.onLine);
    }
    this.ended = this.#untilEnd();
  }

  /** 0 when it could not even be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get address(): string {
    return `unix:${this.#socket}`;
  }

  connect(signal?: AbortSignal): Promise<Connection> {
    return this.#options.protocol === 'grpc'
      ? dialHttp2({ path: this.#socket }, signal)
      : dialUnix({ path: this.#socket }, signal);
  }

  async firstConnection(): Promise<Connection> {
    const { clock, limits, name } = this.#options;
    const deadline = clock.now() + limits.startTimeoutMs;
    for (;;) {
      if (this.#end !== undefined) {
        throw unavailable(`the plugin ${name} has ended at its start (${this.#end.reason})`);
      }
      try {
        return await this.connect();
      } catch (cause) {
        if (clock.now() >= deadline) {
          const message = `the plugin ${name} takes no connection after ${limits.startTimeoutMs} ms`;
          throw unavailable(message, cause);
        }
      }
      await Promise.race([this.ended, pause(clock)]);
    }
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#asked = true;
    if (this.#end === undefined) {
      this.#child.stdin?.end();
      this.#kill('SIGTERM');
      const timer = this.#options.clock.schedule(timeoutMs, () => this.#kill('SIGKILL'));
      await this.ended;
      timer.cancel();
    }
    // What it has started and left behind.
    this.#kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #untilEnd(): Promise<ProcessEnd> {
    const { clock, limits } = this.#options;
    const stopWatching = watchMemory({
      pid: this.pid,
      maxBytes: limits.maxMemoryBytes,
      clock,
      onTooMuch: (bytes) => {
        this.#killedFor = `${mebibytes(bytes)} MiB of memory, of ${mebibytes(limits.maxMemoryBytes)}`;
        this.#kill('SIGKILL');
      },
    });
    const said = await new Promise<string>((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) =>
        resolve(signal === null ? `status ${code}` : `signal ${signal}`),
      );
    });
    stopWatching();
    this.#end = { reason: this.#killedFor ?? said, asked: this.#asked };
    if (!this.#asked) {
      this.#kill('SIGKILL');
      await rm(this.#folder, { recursive: true, force: true });
    }
    return this.#end;
  }

  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The whole group is gone.
    }
  }
}

function commandOf(command: readonly string[], socket: string): string[] {
  if (!command.some((part) => part.includes('{socket}'))) return [...command, socket];
  return command.map((part) => part.replaceAll('{socket}', socket));
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, maxLineLength);
    for (const line of lines) onLine(line.slice(0, maxLineLength));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
  stream.on('error', () => {});
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(connectRetryMs, resolve);
  });
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / (1024 * 1024));
}

function unavailable(message: string, cause?: unknown): RpcError {
  return new RpcError('unavailable', message, { cause, retryable: true });
}
