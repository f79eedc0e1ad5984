import { RpcError } from '@zeke/rpc';
import type { Flight } from './flight.ts';

/** What may wait for a leader that does not keep up with its followers, in bytes. */
const maxWaitingBytes = 16 * 1024 * 1024;

interface Chunk {
  done: boolean;
  value?: Uint8Array | undefined;
}

/**
 * The leader's body, byte for byte. While others follow, it is read as fast as it comes, also when
 * the leader takes its time or has left; otherwise only as fast as the leader reads. A leader for
 * whom too much waits is taken for one that has left.
 */
export function sharedBody(
  inner: ReadableStream<Uint8Array>,
  flight: Flight,
  leave: () => void,
): ReadableStream<Uint8Array> {
  const body = new SharedBody(inner, flight, leave);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => body.start(controller),
      pull: () => body.pull(),
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0, size: (bytes) => bytes?.byteLength ?? 0 },
  );
}

class SharedBody {
  readonly #reader: { read(): Promise<Chunk>; cancel(): Promise<void> };
  readonly #flight: Flight;
  readonly #leave: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Reads on without being asked. */
  #ahead: Promise<void> | undefined;
  #chunks = 0;
  #isAtEnd = false;

  constructor(inner: ReadableStream<Uint8Array>, flight: Flight, leave: () => void) {
    this.#reader = inner.getReader();
    this.#flight = flight;
    this.#leave = leave;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    const { nobodyLeft } = this.#flight;
    nobodyLeft.addEventListener('abort', () => void this.#reader.cancel().catch(ignore), {
      once: true,
    });
    this.#flight.onFollowed = () => {
      this.#ahead ??= this.#readAhead();
    };
  }

  async pull(): Promise<void> {
    const before = this.#chunks;
    await this.#ahead;
    if (this.#chunks === before && !this.#isAtEnd) await this.#step();
  }

  cancel(): void {
    this.#controller = undefined;
    this.#leave();
  }

  async #readAhead(): Promise<void> {
    while (this.#flight.isFollowed && !this.#isAtEnd) await this.#step();
    this.#ahead = undefined;
  }

  async #step(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      this.#chunks++;
      if (done) this.#end();
      else if (value) this.#give(value);
    } catch (reason) {
      this.#isAtEnd = true;
      this.#controller?.error(reason);
    }
  }

  #give(bytes: Uint8Array): void {
    const controller = this.#controller;
    if (!controller) return;
    controller.enqueue(bytes);
    if (-(controller.desiredSize ?? 0) <= maxWaitingBytes) return;
    this.#controller = undefined;
    controller.error(new RpcError('canceled', 'the client did not keep up with the answer'));
    this.#leave();
  }

  #end(): void {
    if (this.#isAtEnd) return;
    this.#isAtEnd = true;
    this.#controller?.close();
  }
}

function ignore(): void {}
