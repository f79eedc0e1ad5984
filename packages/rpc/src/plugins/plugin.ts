import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Connection } from '../core/connection.ts';
import type { MethodInfo } from '../core/method.ts';
import { ReconnectingTransport } from '../core/reconnecting.ts';
import { limitConcurrency } from '../interceptors/concurrency.ts';
import { RpcError } from '../rpc-error.ts';
import { watchFiles } from './file-changes.ts';
import {
  type PluginProcess,
  type ProcessEnd,
  type StartedPlugin,
  startPluginProcess,
} from './plugin-process.ts';

/** What bounds a plugin. All are on by default. */
export interface PluginLimits {
  /** From its start until it takes a connection: 10,000. */
  readonly startTimeoutMs: number;
  /** For it to end by itself, before it is killed: 5,000. */
  readonly stopTimeoutMs: number;
  /** Of its process, resident; looked at every second where there is a `/proc`: 512 MiB. */
  readonly maxMemoryBytes: number;
  /** Calls that are open at once; as many again wait for them: 100. */
  readonly maxCalls: number;
}

export const defaultPluginLimits: PluginLimits = {
  startTimeoutMs: 10_000,
  stopTimeoutMs: 5_000,
  maxMemoryBytes: 512 * 1024 * 1024,
  maxCalls: 100,
};

export interface PluginOptions {
  /** For messages and logs. */
  readonly name: string;
  /**
   * The program and its arguments. The path of the socket to listen at stands where `{socket}` does,
   * else at the end; it is in the environment as `ZRPC_PLUGIN_SOCKET`, too.
   */
  readonly command: readonly string[];
  /** Own frames, or gRPC. Default `zrpc`. */
  readonly protocol?: 'zrpc' | 'grpc';
  readonly workingDirectory?: string;
  /** All that the program sees of an environment, besides a plain `PATH` and `ZRPC_PLUGIN_SOCKET`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Files with whose change it is started anew. Default: those that the command names. */
  readonly watch?: readonly string[];
  readonly limits?: Partial<PluginLimits>;
  /** Told of what happens to it. */
  readonly onEvent?: (event: PluginEvent) => void;
  /** Of files' changes, memory and restarts. */
  readonly clock?: Clock;
}

export type PluginEvent =
  /** Others connect to it at `address`, `unix:` and the path of its socket. */
  | { readonly kind: 'started'; readonly pid: number; readonly address: string }
  /** It ended, and nobody had asked it to. */
  | { readonly kind: 'ended'; readonly pid: number; readonly end: ProcessEnd }
  /** A new process has taken the place of the old one, which ends with its last call. */
  | { readonly kind: 'reloaded'; readonly pid: number; readonly address: string }
  /** The old process goes on. */
  | { readonly kind: 'reload-failed'; readonly error: RpcError }
  /** A line of its output or of its errors, cut at 8,192 characters. */
  | { readonly kind: 'output'; readonly line: string };

/** A service in a process of its own, as a Transport. */
export interface Plugin extends Transport, AsyncDisposable {
  /** Of the running process; undefined when none runs. */
  readonly pid: number | undefined;
  /**
   * Starts the process now, not with the first call.
   * @throws RpcError unavailable that says why it does not run.
   */
  start(): Promise<void>;
  /**
   * Puts a new process in the place of the running one. With none running, does nothing.
   * @throws RpcError unavailable when the new one does not start; the old one goes on.
   */
  reload(): Promise<void>;
  /** Lets open calls end, then stops the process. */
  close(): Promise<void>;
}

/** Between the ends of a process that keeps ending. */
const restarts: Backoff = { initialMs: 100, maxMs: 30_000, multiplier: 2, jitter: 0.2 };
/** A process that ran for so long was well: the next restart waits no longer than the first. */
const wellAfterMs = 10_000;
/** Files change in several steps. */
const settleMs = 100;

/**
 * A plugin: a program that serves a Unix socket of its own. It is started with the first call, and
 * again with the first call after it has ended, with a back-off; calls that come meanwhile wait or
 * fail as `unavailable`. It gets no open file but its three streams, and ends with this process.
 *
 *     await using plugin = createPlugin({ name: 'notes', command: ['bun', 'notes.ts'] });
 *     const notes = createClient(Notes, plugin);
 */
export function createPlugin(options: PluginOptions): Plugin {
  return new SupervisedPlugin(options);
}

class SupervisedPlugin implements Plugin {
  readonly #options: PluginOptions;
  readonly #limits: PluginLimits;
  readonly #clock: Clock;
  readonly #calls: Transport;
  #transport: ReconnectingTransport;
  #process: PluginProcess | undefined;
  /** A process that is being started: one start serves all who wait. */
  #starting: Promise<void> | undefined;
  /** The first connection of a process, until a call takes it. */
  #ready: Connection | undefined;
  #failures = 0;
  /** By the clock; no process is started before that. */
  #notBefore = 0;
  #lastEnd = '';
  #unwatch: (() => void) | undefined;
  #reloading: Promise<void> | undefined;
  /** Old processes that still have calls. */
  readonly #retiring = new Set<Promise<void>>();
  #closed = false;

  constructor(options: PluginOptions) {
    if (options.command.length === 0) {
      throw new RpcError('invalid_argument', `plugin ${options.name}: the command is empty`);
    }
    this.#options = options;
    this.#limits = { ...defaultPluginLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#transport = this.#newTransport();
    const { maxCalls } = this.#limits;
    const current: Transport = {
      open: (method, opened, sink) => this.#transport.open(method, opened, sink),
      close: () => this.#transport.close(),
    };
    this.#calls = limitConcurrency({ maxInFlight: maxCalls, maxQueued: maxCalls })(current);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    return this.#calls.open(method, options, sink);
  }

  async start(): Promise<void> {
    if (this.#process === undefined) await this.#startOnce();
  }

  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch?.();
    await Promise.allSettled([this.#reloading, this.#starting]);
    await this.#transport.close();
    await this.#ready?.close();
    await this.#process?.stop(this.#limits.stopTimeoutMs);
    await Promise.all(this.#retiring);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #newTransport(): ReconnectingTransport {
    return new ReconnectingTransport({
      address: `the plugin ${this.#options.name}`,
      dial: (signal) => this.#dial(signal),
      clock: this.#clock,
    });
  }

  async #dial(signal: AbortSignal): Promise<Connection> {
    if (this.#process === undefined) await this.#startOnce();
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready?.acceptsCalls) return ready;
    if (this.#process === undefined) throw this.#unavailable(this.#lastEnd);
    return await this.#process.connect(signal);
  }

  #startOnce(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#closed) throw this.#unavailable('is closed');
    const waitMs = this.#notBefore - this.#clock.now();
    if (waitMs > 0) {
      throw this.#unavailable(`${this.#lastEnd}; it is started again in ${Math.ceil(waitMs)} ms`);
    }
    let started: StartedPlugin;
    try {
      started = await this.#startProcess();
    } catch (error) {
      this.#backOff('does not start');
      throw error;
    }
    this.#adopt(started);
    const { pid, address } = started.process;
    this.#emit({ kind: 'started', pid, address });
  }

  #startProcess(): Promise<StartedPlugin> {
    return startPluginProcess({
      ...this.#options,
      limits: this.#limits,
      clock: this.#clock,
      onLine: (line) => this.#emit({ kind: 'output', line }),
    });
  }

  #adopt({ process, connection }: StartedPlugin): void {
    this.#process = process;
    this.#ready = connection;
    const startedAt = this.#clock.now();
    void process.ended.then((end) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      if (end.asked) return;
      if (this.#clock.now() - startedAt >= wellAfterMs) this.#failures = 0;
      this.#backOff(`has ended (${end.reason})`);
      this.#emit({ kind: 'ended', pid: process.pid, end });
    });
    this.#unwatch ??= watchFiles({
      files: this.#options.watch ?? this.#options.command,
      folder: this.#options.workingDirectory ?? '.',
      clock: this.#clock,
      settleMs,
      onChange: () => void this.reload().catch(() => {}),
    });
  }

  async #reload(): Promise<void> {
    const old = this.#process;
    if (old === undefined || this.#closed) return;
    try {
      const started = await this.#startProcess();
      const oldTransport = this.#transport;
      await this.#ready?.close();
      this.#adopt(started);
      this.#transport = this.#newTransport();
      this.#retire(oldTransport, old);
      this.#failures = 0;
      const { pid, address } = started.process;
      this.#emit({ kind: 'reloaded', pid, address });
    } catch (reason) {
      const error = RpcError.from(reason);
      this.#emit({ kind: 'reload-failed', error });
      throw error;
    }
  }

  #retire(transport: Transport, process: PluginProcess): void {
    const retired = transport
      .close()
      .then(() => process.stop(this.#limits.stopTimeoutMs))
      .finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  #backOff(why: string): void {
    this.#lastEnd = why;
    this.#notBefore = this.#clock.now() + backoffMs(restarts, this.#failures, Math.random);
    this.#failures += 1;
  }

  #emit(event: PluginEvent): void {
    this.#options.onEvent?.(event);
  }

  #unavailable(why: string): RpcError {
    return new RpcError('unavailable', `the plugin ${this.#options.name} ${why}`, {
      retryable: true,
    });
  }
}
