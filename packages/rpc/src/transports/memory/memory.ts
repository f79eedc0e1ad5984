import type { CompressorLookup } from '../../compression/compressor.ts';
import type { CallHandler, Peer } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';

export interface MemoryOptions {
  /** Takes the calls. */
  readonly handler: CallHandler;
  /** Takes the calls that the server opens to the client. */
  readonly clientHandler?: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /** `compressor` of `@zeke/rpc/compression`. Default: nothing is compressed. */
  readonly compressor?: CompressorLookup;
}

/**
 * A client and a server in one process, for tests: the own frames over two queues in memory, so
 * that credit, pauses, limits and cancellation are those of a socket.
 */
export function connectMemory(options: MemoryOptions): Connection {
  const limits = limitsWith(options.limits);
  const peer: Peer = { transport: 'memory', address: 'memory' };
  const client = new MemoryLink();
  const server = new MemoryLink();
  client.other = server;
  server.other = client;
  const common = {
    limits,
    peer,
    ...(options.compressor === undefined ? {} : { compressor: options.compressor }),
  };
  server.connection = new FrameConnection({
    ...common,
    link: server,
    side: 'server',
    handler: options.handler,
  });
  const connection = new FrameConnection({
    ...common,
    link: client,
    side: 'client',
    ...(options.clientHandler === undefined ? {} : { handler: options.clientHandler }),
  });
  client.connection = connection;
  return connection;
}

/** One direction's sender and the other's receiver. What is written arrives in a later microtask. */
class MemoryLink implements FrameLink {
  readonly queuedBytes = 0;
  other: MemoryLink | undefined;
  connection: FrameConnection | undefined;
  #closed = false;

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#closed) return true;
    const copy = bytes.slice(start, end);
    const { other } = this;
    queueMicrotask(() => {
      if (other !== undefined && !other.#closed) other.connection?.receive(copy);
    });
    return true;
  }

  end(): void {
    queueMicrotask(() => this.destroy());
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection?.linkClosed();
    const { other } = this;
    queueMicrotask(() => other?.destroy());
  }
}
