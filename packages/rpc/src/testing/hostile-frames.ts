import { defaultLimits, type RpcLimits } from '../core/limits.ts';
import { Metadata } from '../core/metadata.ts';
import { createServer } from '../core/server.ts';
import { FrameConnection } from '../frames/frame-connection.ts';
import { FrameOutput } from '../frames/frame-output.ts';
import { FrameReader, type FrameSink } from '../frames/frame-reader.ts';
import type { FrameLink } from '../frames/frame-writer.ts';
import { Notes } from './note-service.ts';

/** A link that keeps what is written to it. */
export class RecordingLink implements FrameLink {
  queuedBytes = 0;
  ended = false;
  destroyed = false;
  readonly #chunks: Uint8Array[] = [];

  /** All that was written. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    this.#chunks.push(bytes.slice(start, end));
    return true;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** A frame as it was read from a link. */
export interface ReadFrame {
  readonly type: number;
  readonly stream: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** The frames in these bytes. */
export function readFrames(bytes: Uint8Array): ReadFrame[] {
  const frames: ReadFrame[] = [];
  const sink: FrameSink = {
    onFrame(type, stream, flags, chunk, start, end) {
      frames.push({ type, stream, flags, payload: chunk.slice(start, end) });
    },
    onOversized() {
      throw new Error('an oversized frame');
    },
  };
  new FrameReader(sink, 2 ** 31).push(bytes);
  return frames;
}

/** A server's side of a connection whose peer is a script, with the service of the tests behind it. */
export function scriptedServer(limits: Partial<RpcLimits> = {}): {
  connection: FrameConnection;
  link: RecordingLink;
} {
  const server = createServer().add(Notes, {
    echo: (note) => note,
    async *list({ number }) {
      for (let i = 0; i < Math.min(number, 10); i++) yield { number: i };
    },
    async collect(notes) {
      let number = 0;
      for await (const _ of notes) number++;
      return { number };
    },
    async *chat(notes) {
      yield* notes;
    },
  });
  const link = new RecordingLink();
  const connection = new FrameConnection({
    link,
    side: 'server',
    limits: { ...defaultLimits, ...limits },
    peer: { transport: 'script', address: 'script' },
    handler: server.handler,
  });
  return { connection, link };
}

/** What a well-behaved client says, as bytes: SETTINGS, then whatever `say` writes. */
export function clientBytes(say: (output: FrameOutput) => void): Uint8Array {
  const link = new RecordingLink();
  const output = new FrameOutput(link, defaultLimits, undefined);
  output.settings();
  say(output);
  output.flush();
  return link.bytes;
}

/** A whole unary call on a stream. */
export function sayCall(
  output: FrameOutput,
  stream: number,
  path: string,
  bytes: Uint8Array,
): void {
  output.open(stream, path, { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY });
  output.message(stream, bytes, undefined);
  output.end(stream);
}
