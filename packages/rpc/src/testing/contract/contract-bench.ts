import assert from 'node:assert/strict';
import type { CallHandler, DisposableTransport, Listener } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import type { RpcLimits } from '../../core/limits.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes, type NotesClient, type NotesHandlers } from '../note-service.ts';

/** What not every transport can do. */
type ContractFeature =
  /** The client may send messages after it has begun to receive. */
  | 'bidi-stream'
  | 'client-stream'
  | 'compression'
  /** Which messages are compressed is chosen one by one, which a proxy does not pass on. */
  | 'compression-choice'
  /** The server can open calls to the client. */
  | 'callback'
  /** Several values of one name come apart. `fetch` joins them by commas (RFC 9110, 5.3). */
  | 'repeated-metadata'
  /** What the reader does not take stops the sender. */
  | 'back-pressure'
  /** `Transport.close` lets open calls end. */
  | 'drain'
  /** There is a listener, which can close while its clients stay. */
  | 'listener'
  /** A connection of the listener may become too old (`maxConnectionAgeMs`). */
  | 'connection-age'
  /** A server that is quiet learns that the client, which has sent everything, has given up. */
  | 'quiet-cancel';

export interface ContractConnection {
  readonly transport: DisposableTransport;
  readonly listener?: Listener;
  /** Closes both sides. */
  close(): Promise<void>;
}

export interface ContractHarness {
  readonly name: string;
  readonly lacks?: readonly ContractFeature[];
  connect(options: {
    readonly handler: CallHandler;
    readonly clientHandler?: CallHandler;
    readonly limits?: Partial<RpcLimits>;
  }): Promise<ContractConnection>;
}

export interface ContractCase {
  readonly needs?: readonly ContractFeature[];
  run(bench: ContractBench): Promise<void>;
}

/** Opens connections and closes them at the end of a case. */
export class ContractBench {
  readonly #harness: ContractHarness;
  readonly #connections: ContractConnection[] = [];

  constructor(harness: ContractHarness) {
    this.#harness = harness;
  }

  async serve(
    handlers: Partial<NotesHandlers>,
    limits: Partial<RpcLimits> = {},
  ): Promise<NotesClient> {
    const { transport } = await this.open(
      createServer({ onUnexpected() {} }).add(Notes, handlers).handler,
      limits,
    );
    return createClient(Notes, transport);
  }

  async open(
    handler: CallHandler,
    limits: Partial<RpcLimits> = {},
    clientHandler?: CallHandler,
  ): Promise<ContractConnection> {
    const connection = await this.#harness.connect(
      clientHandler === undefined ? { handler, limits } : { handler, limits, clientHandler },
    );
    this.#connections.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}

/** @returns the error of a call that must fail with this code. */
export async function fails(call: Promise<unknown>, code: string): Promise<RpcError> {
  const error = await call.then(
    () => assert.fail(`the call should have failed with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RpcError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

export async function gather<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

export async function* countTo(end: number): AsyncGenerator<{ number: number }> {
  for (let number = 0; number < end; number++) yield { number };
}

export function patterned(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31) & 0xff;
  return bytes;
}

/** One turn of the event loop. */
export function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Waits until a number has not changed for some turns of the event loop. */
export async function settled(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 25; ) {
    await tick();
    same = read() === last ? same + 1 : 0;
    last = read();
  }
}
