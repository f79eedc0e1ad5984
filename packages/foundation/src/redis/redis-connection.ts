import { isIP } from 'node:net';
import { createClient, RESP_TYPES } from '@redis/client';
import { RpcError } from '@zeke/rpc';
import type { RedisAddress } from './redis-address.ts';
import { clusterRefusal, connectError } from './redis-errors.ts';

export type RedisArgument = string | Uint8Array;

export interface ConnectOptions {
  readonly address: RedisAddress;
  /** From the first byte to the last answer of the handshake, in milliseconds. */
  readonly timeoutMs: number;
  /** Written and forgotten at once, to see that this server takes writes. */
  readonly probeKey: string;
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** The connection is of no use any more: told once, unless it was closed by `close`. */
  readonly onLost: (reason: RpcError) => void;
}

type Client = ReturnType<typeof newClient>;

/**
 * Two connections to one Redis, one for commands and one that listens to a channel; they live and end
 * together. This file alone knows the library.
 */
export class RedisConnection {
  readonly #commands: Client;
  readonly #listener: Client;
  readonly #options: ConnectOptions;
  #closed = false;

  private constructor(options: ConnectOptions) {
    this.#options = options;
    this.#commands = this.#client();
    this.#listener = this.#client();
  }

  /** Throws what `connectError` makes; nothing is left open then. */
  static async open(options: ConnectOptions): Promise<RedisConnection> {
    const { address, timeoutMs } = options;
    const connection = new RedisConnection(options);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new RpcError('unavailable', `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const opening = connection.#open();
    try {
      await Promise.race([opening, late.promise]);
      return connection;
    } catch (reason) {
      connection.close();
      opening.catch(() => undefined);
      const error = connectError(reason, address.shown);
      const isLate = reason instanceof RpcError && error.code === 'unavailable';
      throw isLate
        ? new RpcError(error.code, `${address.shown}: ${error.message}`, { retryable: true })
        : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a command; the replies come in the order of the commands. Rejects with the client's error. */
  command(args: readonly RedisArgument[]): Promise<unknown> {
    return this.#commands.sendCommand(asBuffers(args));
  }

  /** The same with texts of the reply as bytes. */
  commandForBytes(args: readonly RedisArgument[]): Promise<unknown> {
    return this.#commands.sendCommand(asBuffers(args), asBytes);
  }

  /** Commands without a reply are rejected. */
  close(): void {
    this.#closed = true;
    for (const client of [this.#commands, this.#listener]) {
      if (client.isOpen) client.destroy();
    }
  }

  async #open(): Promise<void> {
    const { address, channel, onMessage, probeKey } = this.#options;
    await Promise.all([this.#commands.connect(), this.#listener.connect()]);
    const info = await this.command(['INFO', 'cluster']).catch(() => '');
    if (String(info).includes('cluster_enabled:1')) throw clusterRefusal(address.shown);
    await this.command(['SET', probeKey, '1', 'PX', '1']);
    await this.#listener.subscribe(channel, onMessage);
  }

  #client(): Client {
    const client = newClient(this.#options);
    client.on('error', (reason: unknown) => {
      if (this.#closed) return;
      this.close();
      this.#options.onLost(connectError(reason, this.#options.address.shown));
    });
    return client;
  }
}

const asBytes = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;

function newClient({ address, timeoutMs }: ConnectOptions) {
  const { database, password, place, user } = address;
  const common = { connectTimeout: timeoutMs, reconnectStrategy: false } as const;
  return createClient({
    disableOfflineQueue: true,
    database,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    socket:
      place.kind === 'unix'
        ? { ...common, path: place.path }
        : { ...common, host: place.host, port: place.port, ...(place.tls ? tls(place) : {}) },
  });
}

/** An address is no name that a certificate is asked for by SNI. */
function tls({ host }: { host: string }) {
  return { tls: true, ...(isIP(host) === 0 ? { servername: host } : {}) } as const;
}

/** As the library takes them, without a copy. */
function asBuffers(args: readonly RedisArgument[]): (string | Buffer)[] {
  return args.map((arg) =>
    typeof arg === 'string' ? arg : Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength),
  );
}
