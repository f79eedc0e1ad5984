import { RpcError } from '@zeke/rpc';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { LateWatch } from './late-watch.ts';
import type { RedisAddress } from './redis-address.ts';
import type { RedisConnection } from './redis-connection.ts';
import { connectError, isScriptUnknown, isServerGone } from './redis-errors.ts';
import type { RedisScript } from './redis-script.ts';

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  /** What all keys, and the channel, begin with. */
  readonly keyPrefix: string;
  /** How long a reply may take, in milliseconds, before this Redis counts as lost. */
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Where a link stands, for people. */
export interface RedisState {
  readonly up: boolean;
  readonly address: string;
  /** Why it is lost, and since when, in milliseconds since the epoch. */
  readonly reason?: string;
  readonly sinceMs?: number;
}

/** A handshake is several replies, and may be over a network that was just torn. */
const minConnectMs = 1_000;
const firstRetryMs = 50;
const maxRetryMs = 1_000;

/**
 * A Redis that may go away and come back. While it is lost every command fails at once; it is looked
 * for in the background, and who has something to put right there is told when it is back. The first
 * late reply, or error that is the server's, loses it: commands without a reply fail then, and may
 * have been carried out all the same.
 */
export class RedisLink implements AsyncDisposable {
  readonly keyPrefix: string;
  readonly #options: RedisLinkOptions;
  readonly #watch: LateWatch;
  readonly #upListeners: (() => void)[] = [];
  readonly #downListeners: (() => void)[] = [];
  readonly #messageListeners: ((message: string) => void)[] = [];
  readonly #metrics: ReturnType<typeof linkMetrics>;
  readonly #scripts: RedisScript[] = [];
  #connection: RedisConnection | undefined;
  #lost: { reason: string; sinceMs: number } | undefined;
  #retryMs = firstRetryMs;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  private constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.keyPrefix = options.keyPrefix;
    this.#metrics = linkMetrics(options.metrics);
    this.#watch = new LateWatch(options.timeoutMs, () => {
      this.#metrics.late.add(1);
      const { shown } = options.address;
      const message = `${shown}: a reply took longer than ${options.timeoutMs} ms`;
      this.#lose(new RpcError('unavailable', message, { retryable: true }));
    });
  }

  /**
   * Connects. A Redis that cannot be reached is looked for until it is there; one that refuses what it
   * is told (password, database, rights) or is a Cluster throws `failed_precondition`.
   */
  static async open(options: RedisLinkOptions): Promise<RedisLink> {
    const link = new RedisLink(options);
    try {
      link.#begin(await link.#connect());
    } catch (reason) {
      const error = connectError(reason, options.address.shown);
      if (error.code === 'failed_precondition') throw error;
      link.#lose(error);
    }
    return link;
  }

  get isUp(): boolean {
    return this.#connection !== undefined;
  }

  get state(): RedisState {
    const address = this.#options.address.shown;
    return this.#lost === undefined ? { up: true, address } : { up: false, address, ...this.#lost };
  }

  /**
   * Has these scripts at hand, now and whenever it is there again: else the first run of each would be
   * sent twice, and so carried out after what was sent behind it.
   */
  keepReady(scripts: readonly RedisScript[]): void {
    this.#scripts.push(...scripts);
    if (this.isUp) this.#load(scripts);
  }

  /** Called each time it is there again, before any other command is sent. */
  onUp(listener: () => void): void {
    this.#upListeners.push(listener);
  }

  /** Called each time it is lost. */
  onDown(listener: () => void): void {
    this.#downListeners.push(listener);
  }

  /** Hears what is published, our own messages too. What is said while it is lost is not heard. */
  onMessage(listener: (message: string) => void): void {
    this.#messageListeners.push(listener);
  }

  /** Throws `unavailable` where Redis is lost, or refuses. */
  send(...args: (string | Uint8Array)[]): Promise<unknown> {
    return this.#reply((connection) => connection.command(args));
  }

  /** What `key` holds, as bytes; undefined where there is nothing. Throws as `send` does. */
  async bytes(key: string): Promise<Uint8Array | undefined> {
    const reply = await this.#reply((connection) => connection.commandForBytes(['GET', key]));
    return reply instanceof Uint8Array ? reply : undefined;
  }

  /** Runs a script, which all keys that it touches are named to. Throws as `send` does. */
  run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | Uint8Array)[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    return this.#reply((connection) =>
      connection.command(['EVALSHA', script.sha1, ...rest]).catch((reason: unknown) => {
        if (!isScriptUnknown(reason)) throw reason;
        return connection.command(['EVAL', script.text, ...rest]);
      }),
    );
  }

  /**
   * The same with the script's text, so that it is carried out before all that is sent after it,
   * whatever the server knows. Throws as `send` does.
   */
  runInTurn(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    return this.send('EVAL', script.text, String(keys.length), ...keys, ...args);
  }

  /** Says something to all who listen; without a Redis, to nobody. */
  publish(message: string): void {
    this.send('PUBLISH', this.#channel, message).catch(() => undefined);
  }

  /** Ends it: it is not looked for any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#watch.reset();
    this.#connection?.close();
    this.#connection = undefined;
  }

  get #channel(): string {
    return `${this.keyPrefix}events`;
  }

  async #reply(command: (connection: RedisConnection) => Promise<unknown>): Promise<unknown> {
    const connection = this.#connection;
    if (connection === undefined) throw this.#unavailable();
    this.#watch.sent();
    try {
      const reply = await command(connection);
      if (connection === this.#connection) this.#watch.answered();
      return reply;
    } catch (reason) {
      const error = connectError(reason, this.#options.address.shown);
      if (connection === this.#connection) {
        this.#watch.answered();
        if (isServerGone(reason)) this.#lose(error);
      }
      throw new RpcError('unavailable', error.message, { cause: reason, retryable: true });
    }
  }

  #unavailable(): RpcError {
    const reason = this.#lost?.reason ?? `${this.#options.address.shown}: it is closed`;
    return new RpcError('unavailable', reason, { retryable: true });
  }

  /** The library takes long to load, so only those load it who have a Redis. */
  async #connect(): Promise<RedisConnection> {
    const { address, timeoutMs } = this.#options;
    const { RedisConnection } = await import('./redis-connection.ts');
    return RedisConnection.open({
      address,
      timeoutMs: Math.max(minConnectMs, timeoutMs),
      probeKey: `${this.keyPrefix}probe`,
      channel: this.#channel,
      onMessage: (message) => {
        for (const listener of this.#messageListeners) listener(message);
      },
      onLost: (reason) => this.#lose(reason),
    });
  }

  #begin(connection: RedisConnection): void {
    this.#connection = connection;
    this.#metrics.up.set(1);
    this.#retryMs = firstRetryMs;
    const lost = this.#lost;
    this.#lost = undefined;
    this.#load(this.#scripts);
    for (const listener of this.#upListeners) listener();
    if (lost === undefined) return;
    const lostMs = Date.now() - lost.sinceMs;
    this.#options.log.warn('Redis is back', { address: this.#options.address.shown, lostMs });
  }

  #load(scripts: readonly RedisScript[]): void {
    for (const { text } of scripts) this.send('SCRIPT', 'LOAD', text).catch(() => undefined);
  }

  #lose(reason: RpcError): void {
    if (this.#closed) return;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#watch.reset();
    this.#metrics.up.set(0);
    if (this.#lost === undefined) {
      this.#lost = { reason: reason.message, sinceMs: Date.now() };
      this.#metrics.losses.add(1);
      const told = 'Redis is lost: what replicas share goes by the rules of docs/guide/replicas.md';
      this.#options.log.error(told, { address: this.#options.address.shown, err: reason });
    } else this.#lost = { ...this.#lost, reason: reason.message };
    connection?.close();
    if (connection) for (const listener of this.#downListeners) listener();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(
      () => void this.#lookAgain(),
      this.#retryMs * (0.5 + Math.random() / 2),
    );
    this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
  }

  async #lookAgain(): Promise<void> {
    try {
      const connection = await this.#connect();
      if (this.#closed) connection.close();
      else this.#begin(connection);
    } catch (reason) {
      this.#lose(connectError(reason, this.#options.address.shown));
    }
  }
}

function linkMetrics(metrics: Metrics) {
  return {
    up: metrics.gauge({ name: 'redis_up', help: '1 while Redis answers, 0 while it is lost.' }),
    losses: metrics.counter({ name: 'redis_losses_total', help: 'How often Redis was lost.' }),
    late: metrics.counter({
      name: 'redis_late_replies_total',
      help: 'Replies that took longer than redis.timeout_ms, each of which lost Redis.',
    }),
  };
}
