import { expect, test } from 'bun:test';
import { drainable, type HeaderFields, type NodeQuicStream } from './node-quic.ts';
import { QuicByteStream } from './quic-stream.ts';

/*
 * What the runtime is told of a body and its trailers, on a stream of the runtime that is a script.
 */

/** More than a peer's first window may hold. */
const large = 100_000;

/** A stream that keeps what is written until `leave`, as one does that waits for credit. */
class ScriptedStream {
  readonly log: string[] = [];
  /** Resolves with the end of the body. */
  readonly ended: Promise<void>;
  /** What has not left; null: the writer is over. */
  #heldBytes: number | null = 0;
  readonly #end: () => void;
  readonly stream: NodeQuicStream;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    const script = this;
    const stream: Partial<NodeQuicStream> = {
      id: 0n,
      highWaterMark: 0,
      closed: new Promise(() => {}),
      sendHeaders: () => true,
      sendTrailers: (fields: HeaderFields) => {
        this.log.push(`trailers ${fields['grpc-status']}`);
        return true;
      },
      writer: {
        get desiredSize() {
          return script.#heldBytes === null ? null : script.#room - script.#heldBytes;
        },
        writeSync: (bytes) => this.#write(bytes),
        endSync: () => this.#ended(),
        [drainable]: () => null,
      },
    };
    this.stream = stream as NodeQuicStream;
  }

  get #room(): number {
    return this.stream.highWaterMark;
  }

  /** All that was written has left. */
  leave(): void {
    this.log.push('left');
    this.#heldBytes = 0;
  }

  /** The connection is gone. */
  break(): void {
    this.#heldBytes = null;
  }

  #write(bytes: Uint8Array): boolean {
    this.log.push(`wrote ${bytes.length}`);
    this.#heldBytes = bytes.length;
    return true;
  }

  #ended(): number {
    this.log.push('ended');
    this.stream.onwanttrailers?.();
    this.#end();
    return 0;
  }
}

function answering(): { script: ScriptedStream; bytes: QuicByteStream } {
  const script = new ScriptedStream();
  const bytes = new QuicByteStream();
  bytes.attach(script.stream, true);
  bytes.sendHeaders({ ':status': '200' });
  return { script, bytes };
}

test('a body that has left is ended at once, and its trailers follow', () => {
  const { script, bytes } = answering();
  bytes.write(new Uint8Array(large));
  script.leave();
  bytes.sendTrailers({ 'grpc-status': '0' });
  expect(script.log).toEqual(['wrote 100000', 'left', 'ended', 'trailers 0']);
});

test('a body is not ended before all of it has left, where trailers follow', async () => {
  const { script, bytes } = answering();
  bytes.write(new Uint8Array(large));
  bytes.sendTrailers({ 'grpc-status': '0' });
  expect(script.log).toEqual(['wrote 100000']);
  script.leave();
  await script.ended;
  expect(script.log).toEqual(['wrote 100000', 'left', 'ended', 'trailers 0']);
});

test('a stream that breaks meanwhile is not waited for', async () => {
  const { script, bytes } = answering();
  bytes.write(new Uint8Array(large));
  bytes.sendTrailers({ 'grpc-status': '0' });
  script.break();
  await script.ended;
  expect(script.log).toContain('ended');
});

test('nor is a body of some bytes, which may wait for the network as well', async () => {
  const { script, bytes } = answering();
  bytes.write(new Uint8Array(10));
  bytes.sendTrailers({ 'grpc-status': '0' });
  expect(script.log).toEqual(['wrote 10']);
  script.leave();
  await script.ended;
  expect(script.log).toEqual(['wrote 10', 'left', 'ended', 'trailers 0']);
});

test('a body without trailers is ended with its last byte', () => {
  const { script, bytes } = answering();
  bytes.write(new Uint8Array(large));
  bytes.end();
  expect(script.log).toEqual(['wrote 100000', 'ended']);
});
