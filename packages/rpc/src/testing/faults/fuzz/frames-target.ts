import type { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { compressor } from '../../../compression/compressors.ts';
import type { CallHandler } from '../../../core/call.ts';
import { defaultLimits, type RpcLimits } from '../../../core/limits.ts';
import { Metadata } from '../../../core/metadata.ts';
import { FrameConnection } from '../../../frames/frame-connection.ts';
import { FrameReader, type FrameSink } from '../../../frames/frame-reader.ts';
import type { FrameLink } from '../../../frames/frame-writer.ts';
import { RpcError } from '../../../rpc-error.ts';
import { Notes } from '../../note-service.ts';
import { RecordingSink } from '../../recording-sink.ts';
import { CountedServer } from './counted-server.ts';
import { clientFrames, serverFrames } from './frames-corpus.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutated, pieces } from './mutation.ts';
import { StrictHandler } from './strict-handler.ts';

const limits: RpcLimits = {
  ...defaultLimits,
  maxMessageBytes: 10_000,
  maxMetadataBytes: 2_000,
  maxStreams: 20,
  streamWindowBytes: 8_000,
  connectionWindowBytes: 30_000,
  maxQueuedBytes: 60_000,
};

/** Between the pieces of an input, so that handlers get on, at most. */
const maxMicrotasks = 6;

/** Inputs to a server whose handlers are those of the edge, or look at every event. */
export function framesToServer(): FuzzTarget {
  const served = new CountedServer();
  return {
    prepare(random) {
      const bytes = mutated(clientFrames, random);
      return {
        bytes,
        async feed() {
          checkReader(bytes, random);
          const strict = new StrictHandler(limits.maxMessageBytes);
          const handler = random.chance(0.5) ? strict.handler : served.handler;
          const { connection, link } = connect('server', handler);
          await receiveAll(connection, link, bytes, random);
          strict.check();
        },
      };
    },
    settled: () => served.check(),
  };
}

/** Inputs to a client that has calls open, and serves calls as well. */
export function framesToClient(): FuzzTarget {
  const served = new CountedServer();
  return {
    prepare(random) {
      const bytes = mutated(serverFrames, random);
      return {
        bytes,
        async feed() {
          checkReader(bytes, random);
          const { connection, link } = connect('client', served.handler);
          const sinks = openCalls(connection);
          await receiveAll(connection, link, bytes, random);
          for (const sink of sinks) if (!sink.trailer) throw new Error('a call has no end');
        },
      };
    },
    settled: () => served.check(),
  };
}

function connect(
  side: 'client' | 'server',
  handler: CallHandler,
): { connection: FrameConnection; link: WatchedLink } {
  const link = new WatchedLink();
  const peer = { transport: 'fuzz', address: 'fuzz' };
  return {
    connection: new FrameConnection({ link, side, limits, peer, handler, compressor }),
    link,
  };
}

async function receiveAll(
  connection: FrameConnection,
  link: WatchedLink,
  bytes: Uint8Array,
  random: SeededRandom,
): Promise<void> {
  for (const piece of pieces(bytes, random)) {
    connection.receive(piece);
    if (connection.openCalls > 2 * limits.maxStreams) {
      throw new Error(`${connection.openCalls} calls are open`);
    }
    if (link.isOver) break;
    if (random.chance(0.7)) continue;
    for (let i = random.integer(1, maxMicrotasks); i > 0; i--) await undefined;
  }
  connection.linkClosed();
  const fault = await connection.closed;
  if (fault?.message === unexpected) throw fault.cause;
  if (connection.openCalls !== 0) throw new Error(`${connection.openCalls} calls have no end`);
  if (connection.unsentBytes !== 0) throw new Error(`${connection.unsentBytes} bytes are kept`);
}

/** Five calls, of which one is paused and one half-closed after messages. */
function openCalls(connection: FrameConnection): RecordingSink[] {
  const { chat } = Notes.methods;
  if (chat === undefined) throw new Error('the service has no chat');
  const options = { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY };
  const message = new Uint8Array(300);
  return [0, 1, 2, 3, 4].map((i) => {
    const sink = new RecordingSink();
    const call = connection.open(chat, options, sink);
    for (let sent = 0; sent < i; sent++) call.sendMessage(message);
    if (i < 3) call.sendEnd();
    if (i === 3) call.pause();
    return sink;
  });
}

/** Frames are the same wherever the bytes are cut, and no more is held than has come. */
function checkReader(bytes: Uint8Array, random: SeededRandom): void {
  const cut = new FrameSum();
  const reader = new FrameReader(cut, limits.maxMessageBytes);
  const chunks = pieces(bytes, random);
  if (chunks.length === 1) return;
  for (const piece of chunks) {
    reader.push(piece);
    if (reader.heldBytes > bytes.length) throw new Error(`${reader.heldBytes} bytes are held`);
  }
  const whole = new FrameSum();
  new FrameReader(whole, limits.maxMessageBytes).push(bytes);
  if (cut.sum === whole.sum) return;
  throw new Error(`in pieces the frames are ${cut.sum}, at once ${whole.sum}`);
}

class FrameSum implements FrameSink {
  sum = 0;

  onFrame(
    type: number,
    stream: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#add(type);
    this.#add(stream);
    this.#add(flags);
    for (let i = start; i < end; i++) this.#add(bytes[i] as number);
  }

  onOversized(type: number, stream: number, length: number): void {
    this.#add(type);
    this.#add(stream);
    this.#add(length);
  }

  #add(value: number): void {
    this.sum = (Math.imul(this.sum, 31) + value) | 0;
  }
}

/** Takes everything, and looks whether an answer tells of a failure that nobody foresaw. */
class WatchedLink implements FrameLink {
  readonly queuedBytes = 0;
  isOver = false;

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (view.includes(unexpected)) throw new Error('a failure that nobody foresaw was sent');
    return true;
  }

  end(): void {
    this.isOver = true;
  }

  destroy(): void {
    this.isOver = true;
  }
}

/** How `RpcError.from` speaks of what is no RpcError. */
const unexpected = RpcError.from(undefined).message;
