import { gzipSync } from 'node:zlib';
import { encodeMessage } from '../../../codec/message-bytes.ts';
import { type Word, wordType } from '../../../transports/fetch/testing/talk-service.ts';
import {
  compressedFlag,
  endStreamFlag,
  trailersFlag,
} from '../../../transports/fetch/wire/envelope-reader.ts';
import { envelope } from '../../../transports/fetch/wire/envelope-writer.ts';
import type { Corpus, Sample } from './mutation.ts';

const words: Partial<Word>[] = [
  { text: 'a word', count: 3n },
  { text: 'x'.repeat(600), tags: ['a', 'b'], inner: { ...wordType.create(), text: 'inner' } },
  { rawBytes: new Uint8Array(40), count: -1n },
  {},
];
const binary = words.map((word) => encodeMessage(wordType, word));
const texts = words.map((word) => Buffer.from(JSON.stringify(wordType.toJson(word))));
const length = { at: 1, bytes: 4 };

const connectEnds = [
  '{}',
  '{"metadata":{"x-a":["b","c"],"x-b-bin":["AAEC"]}}',
  '{"error":{"code":"not_found","message":"no such word","details":[{"type":"zrpc.talk.Word","value":"CgF4"}]}}',
  '{"error":{"code":"odd"},"metadata":{"x-a":"b"}}',
].map((text) => envelope(endStreamFlag, Buffer.from(text)));

const webTrailers = [
  'grpc-status: 0\r\n',
  'grpc-status: 5\r\ngrpc-message: no%20such%ZZ\r\nx-a: b\r\nx-b-bin: AAEC\r\n',
  'grpc-status: 99\r\ngrpc-status-details-bin: CAUSAngK\r\n',
  'x-a: b\r\n',
].map((text) => envelope(trailersFlag, Buffer.from(text)));

/** Messages of a request in envelopes, in protobuf and in JSON. */
export const requestEnvelopes: { readonly proto: Corpus; readonly json: Corpus } = {
  proto: {
    headParts: 0,
    length,
    samples: streamsOf(binary),
    words: [...connectEnds, ...webTrailers],
  },
  json: { headParts: 0, length, samples: streamsOf(texts), words: connectEnds },
};

/** What servers answer, with the end of the stream in it. */
export const answerEnvelopes: { readonly connect: Corpus; readonly web: Corpus } = {
  connect: withEnds(connectEnds),
  web: withEnds(webTrailers),
};

/** One message alone, the body of a unary call of Connect. */
export const loneMessages: { readonly proto: Corpus; readonly json: Corpus } = {
  proto: { headParts: 0, samples: binary.slice(0, 3).map(halves) },
  json: { headParts: 0, samples: texts.slice(0, 3).map(halves) },
};

function streamsOf(messages: readonly Uint8Array[]): Sample[] {
  const plain = messages.map((bytes) => envelope(0, bytes));
  const zipped = messages.map((bytes) => envelope(compressedFlag, gzipSync(bytes)));
  return [plain, plain.slice(0, 1), [...plain, ...plain], [...zipped, ...plain]];
}

function withEnds(ends: readonly Uint8Array[]): Corpus {
  const samples = ends.flatMap((end) => streamsOf(binary).map((parts) => [...parts, end]));
  return { headParts: 0, length, samples, words: ends };
}

function halves(bytes: Uint8Array): Sample {
  const middle = bytes.length >> 1;
  return [bytes.slice(0, middle), bytes.slice(middle)];
}
