import { encodeMessage } from '../../../codec/message-bytes.ts';
import { compressor } from '../../../compression/compressors.ts';
import { defaultLimits, type RpcLimits } from '../../../core/limits.ts';
import { Metadata } from '../../../core/metadata.ts';
import { frameHeaderBytes } from '../../../frames/frame.ts';
import { FrameOutput } from '../../../frames/frame-output.ts';
import { readU32 } from '../../../frames/frame-reader.ts';
import { RpcError } from '../../../rpc-error.ts';
import { RecordingLink, sayCall } from '../../hostile-frames.ts';
import { Note } from '../../note-service.ts';
import type { Corpus, Sample } from './mutation.ts';

type Saying = (output: FrameOutput) => void;

const small = encodeMessage(Note, { text: 'a note', number: 3 });
const large = encodeMessage(Note, { text: 'x'.repeat(1_100) });
const none = { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY };
const metadata = Metadata.from({ 'x-a': 'b', 'x-c-bin': new Uint8Array([1, 2, 255]), 'x-d': '' });
const gaveUp = new RpcError('canceled', 'enough');
const length = { at: 0, bytes: 4 };
/** Of a peer that takes little at once. */
const narrow: RpcLimits = {
  ...defaultLimits,
  streamWindowBytes: 100,
  connectionWindowBytes: 400,
  maxStreams: 4,
};

/** What clients say to a server of `Notes`. */
export const clientFrames: Corpus = {
  headParts: 1,
  length,
  samples: [
    sample((say) => sayCall(say, 1, path('Echo'), small)),
    sample((say) => {
      for (let stream = 1; stream < 14; stream += 2) sayCall(say, stream, path('Echo'), small);
    }),
    sample((say) => {
      say.open(1, path('Chat'), { ...none, metadata, deadlineAt: performance.now() + 3_600_000 });
      for (let i = 0; i < 4; i++) say.message(1, small, undefined);
      say.credit(1, 500);
      say.end(1);
    }),
    sample((say) => {
      say.open(1, path('Collect'), none);
      say.open(3, path('Chat'), { ...none, compression: 'gzip' });
      say.open(5, path('Chat'), { ...none, compression: 'zstd' });
      say.message(1, large, 'gzip');
      say.message(3, large, 'zstd');
      say.message(5, large, 'gzip');
      say.message(1, large, undefined);
      say.end(1);
      say.end(5);
      say.cancel(3, gaveUp);
    }),
    sample((say) => {
      sayCall(say, 1, path('List'), encodeMessage(Note, { number: 9 }));
      say.ping();
      say.pong(1, 2);
      say.credit(0, 10_000);
      say.cancel(1, gaveUp);
      sayCall(say, 3, path('None'), small);
      sayCall(say, 5, '/nobody.Knows/This', small);
      say.goaway(0, new RpcError('unavailable', 'this client is leaving'));
    }),
    sample((say) => {
      sayCall(say, 1, path('List'), encodeMessage(Note, { number: 20, payload: small }));
      say.open(3, path('Chat'), none);
      for (let i = 0; i < 8; i++) {
        say.message(3, small, undefined);
        say.credit(1, 40);
        say.credit(0, 40);
      }
      say.credit(3, 200);
      say.end(3);
      say.credit(0, 400);
    }, narrow),
    // Answers to calls of the server, which has opened none.
    sample((say) => {
      say.header(2, metadata);
      say.message(2, small, undefined);
      say.trailer(2, { error: gaveUp, metadata }, 1);
      say.cancel(2, gaveUp);
    }),
  ],
};

/** What a server says to a client with open calls on the streams 1 to 9. */
export const serverFrames: Corpus = {
  headParts: 1,
  length,
  samples: [
    sample((say) => {
      for (let stream = 1; stream < 10; stream += 2) {
        say.message(stream, small, undefined);
        say.end(stream);
      }
    }),
    sample((say) => {
      say.header(1, metadata);
      for (let i = 0; i < 5; i++) say.message(1, small, undefined);
      say.trailer(1, { error: undefined, metadata }, 0);
      say.header(3, Metadata.empty);
      say.message(3, large, 'gzip');
      say.message(3, large, 'zstd');
      say.end(3);
    }),
    sample((say) => {
      const details = [{ type: 'zrpc.test.Note', value: small }];
      const refusal = new RpcError('not_found', 'there is no such note', { details });
      say.trailer(1, { error: refusal, metadata }, 0);
      say.trailer(3, { error: gaveUp, metadata: Metadata.empty }, 1);
      say.credit(5, 400);
      say.credit(0, 4_000);
      say.message(5, large, undefined);
      say.trailer(5, { error: refusal, metadata: Metadata.empty }, 0);
    }),
    sample((say) => {
      say.ping();
      say.message(7, small, undefined);
      say.pong(0, 0);
      say.goaway(5, new RpcError('unavailable', 'the server is shutting down'));
      say.message(1, small, undefined);
      say.end(1);
    }),
    sample((say) => {
      for (let i = 0; i < 12; i++) {
        say.credit(0, 150);
        say.credit(1 + 2 * (i % 5), 150);
      }
      say.message(1, small, undefined);
      say.end(1);
      say.trailer(9, { error: gaveUp, metadata }, 0);
    }, narrow),
    // Calls of the server.
    sample((say) => {
      sayCall(say, 2, path('Echo'), small);
      say.open(4, path('Chat'), { ...none, metadata });
      say.message(4, small, undefined);
      say.cancel(4, gaveUp);
      sayCall(say, 6, path('Collect'), large);
    }),
  ],
};

function path(name: string): string {
  return `/zrpc.test.Notes/${name}`;
}

function sample(say: Saying, limits: RpcLimits = defaultLimits): Sample {
  const link = new RecordingLink();
  const output = new FrameOutput(link, limits, compressor);
  output.settings();
  say(output);
  output.flush();
  const { bytes } = link;
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + frameHeaderBytes + readU32(bytes, at);
    frames.push(bytes.slice(at, end));
    at = end;
  }
  return frames;
}
