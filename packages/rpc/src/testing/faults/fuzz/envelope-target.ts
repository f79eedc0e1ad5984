import type { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { compressor } from '../../../compression/compressors.ts';
import { limitsWith } from '../../../core/limits.ts';
import { RpcError } from '../../../rpc-error.ts';
import { connectFetch } from '../../../transports/fetch/client/connect-fetch.ts';
import { FetchServer } from '../../../transports/fetch/server/fetch-server.ts';
import { Talk } from '../../../transports/fetch/testing/talk-service.ts';
import { Base64Stream } from '../../../transports/fetch/wire/base64-stream.ts';
import { readEndStream } from '../../../transports/fetch/wire/end-stream.ts';
import {
  EnvelopeReader,
  endStreamFlag,
  trailersFlag,
} from '../../../transports/fetch/wire/envelope-reader.ts';
import { readGrpcTrailer } from '../../../transports/fetch/wire/grpc-trailer.ts';
import { RecordingSink } from '../../recording-sink.ts';
import { testOpenOptions } from '../../test-method.ts';
import { CountedServer } from './counted-server.ts';
import { answerEnvelopes, loneMessages, requestEnvelopes } from './envelope-corpus.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { type Corpus, mutated, pieces } from './mutation.ts';

const limits = limitsWith({ maxMessageBytes: 4_000, maxMetadataBytes: 1_000, maxStreams: 10 });
const peer = { transport: 'http', address: 'fuzz' };
const connectType = 'application/connect+proto';
const webType = 'application/grpc-web+proto';
const textType = 'application/grpc-web-text';
const methodNames = ['say', 'look', 'count', 'sum', 'chat'] as const;
/** Of responses that no server sends in order. */
const oddStatuses = 0.05;

/** One kind of body: what it is made from, and who reads it. */
interface Kind {
  readonly corpus: Corpus;
  /** How often it is chosen. */
  readonly weight: number;
  feed(bytes: Uint8Array, random: SeededRandom): void | Promise<void>;
}

/** Bodies of Connect and gRPC-Web, to their readers, to a server and to a client. */
export function envelopes(): FuzzTarget {
  const served = new CountedServer();
  const { handler, methods } = served;
  const server = new FetchServer({ handler, methods, limits });
  const kinds = [...readers(), ...requests(server), ...answers()];
  const chosen = kinds.flatMap((kind) => Array<Kind>(kind.weight).fill(kind));
  return {
    prepare(random) {
      const { corpus, feed } = random.pick(chosen);
      const bytes = mutated(corpus, random);
      return { bytes, feed: () => feed(bytes, random) };
    },
    settled() {
      served.check();
      if (server.openCalls > 0) throw new Error(`${server.openCalls} calls are open`);
    },
  };
}

function readers(): Kind[] {
  const { connect, web } = answerEnvelopes;
  return [
    { corpus: web, weight: 2, feed: (bytes, random) => void readAll(pieces(bytes, random)) },
    {
      corpus: { ...web, samples: web.samples.map((parts) => parts.map(toBase64)) },
      weight: 2,
      feed(bytes, random) {
        const text = new Base64Stream();
        orRefuse(() => {
          for (const piece of pieces(bytes, random)) text.decode(piece);
        });
      },
    },
    {
      corpus: payloads(connect),
      weight: 2,
      feed: (bytes) => orRefuse(() => readEndStream(bytes, 1_000)),
    },
    {
      corpus: payloads(web),
      weight: 2,
      feed: (bytes) => orRefuse(() => readGrpcTrailer(bytes, 1_000)),
    },
  ];
}

function requests(server: FetchServer): Kind[] {
  const to = (type: string, corpus: Corpus, encoding?: string): Kind => ({
    corpus,
    weight: 2,
    async feed(bytes, random) {
      const name = type.startsWith('application/connect')
        ? random.pick(methodNames.slice(2))
        : undefined;
      await ask(server, type, encoding, name ?? random.pick(methodNames), bytes, random);
    },
  });
  const { proto, json } = requestEnvelopes;
  const text: Corpus = { ...proto, samples: proto.samples.map((parts) => parts.map(toBase64)) };
  return [
    to(connectType, proto, 'connect-content-encoding'),
    to('application/connect+json', json, 'connect-content-encoding'),
    to(webType, proto, 'grpc-encoding'),
    to(textType, text, 'grpc-encoding'),
    to('application/proto', loneMessages.proto),
    to('application/json', loneMessages.json),
  ];
}

/** Asks with this body; a stream of answers must have its end. */
async function ask(
  server: FetchServer,
  type: string,
  encoding: string | undefined,
  name: (typeof methodNames)[number],
  bytes: Uint8Array,
  random: SeededRandom,
): Promise<void> {
  const headers: Record<string, string> = { 'content-type': type };
  if (encoding !== undefined) headers[encoding] = 'gzip';
  const body = random.chance(0.8) ? bytes : streamOf(pieces(bytes, random));
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const request = new Request(`http://fuzz${Talk.methods[name]?.path}`, init);
  const response = await server.handle(request, peer);
  if (response.status >= 500 && response.status !== 501) {
    const text = await response.text();
    if (text.includes(unexpected)) throw new Error(`HTTP ${response.status}: ${text}`);
    return;
  }
  const answer = await response.bytes();
  if (response.status !== 200 || type === 'application/proto' || type === 'application/json')
    return;
  const parts = readAll([type === textType ? new Base64Stream().decode(answer) : answer]);
  const last = parts.at(-1);
  const isEnd = last === (type.startsWith('application/connect') ? endStreamFlag : trailersFlag);
  if (!isEnd) throw new Error(`${type}: the answer has no end, but the flags ${parts.join(', ')}`);
  if (Buffer.from(answer).includes(unexpected)) throw new Error('a failure that nobody foresaw');
}

function answers(): Kind[] {
  const of = (
    protocol: 'connect' | 'grpc-web',
    name: 'say' | 'count' | 'chat',
    type: string,
    corpus: Corpus,
  ): Kind => ({
    corpus,
    weight: 1,
    async feed(bytes, random) {
      const method = Talk.methods[name];
      if (method === undefined) throw new Error(`the service has no ${name}`);
      const encoding = protocol === 'connect' ? 'connect-content-encoding' : 'grpc-encoding';
      const status = random.chance(oddStatuses) ? random.pick([400, 404, 429, 503]) : 200;
      const headers = { 'content-type': type, [encoding]: 'gzip' };
      const body = random.chance(0.8) ? bytes : streamOf(pieces(bytes, random));
      const transport = connectFetch({
        baseUrl: 'http://fuzz',
        protocol,
        limits,
        compressor,
        fetch: async () =>
          new Response(body as ConstructorParameters<typeof Response>[0], { status, headers }),
      });
      const sink = new RecordingSink();
      const call = transport.open(method, testOpenOptions(), sink);
      call.sendMessage(new Uint8Array(0));
      call.sendEnd();
      const { error } = await sink.end;
      await transport.close();
      if (error?.message === unexpected) throw error.cause;
    },
  });
  const { connect, web } = answerEnvelopes;
  return [
    of('connect', 'count', connectType, connect),
    of('connect', 'say', 'application/proto', loneMessages.proto),
    of('connect', 'say', 'application/json', payloads(connect)),
    of('grpc-web', 'say', webType, web),
    of('grpc-web', 'chat', webType, web),
  ];
}

/** How `RpcError.from` speaks of what is no RpcError. */
const unexpected = RpcError.from(undefined).message;

/** The flags of the envelopes in a body, as far as they can be read. */
function readAll(chunks: readonly Uint8Array[]): number[] {
  const reader = new EnvelopeReader(limits.maxMessageBytes + 1_000);
  const flags: number[] = [];
  orRefuse(() => {
    for (const chunk of chunks) {
      reader.push(chunk);
      while (reader.next()) flags.push(reader.flags);
    }
  });
  return flags;
}

/** @throws what is no RpcError. */
function orRefuse(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
}

/** What is in the envelopes. */
function payloads(corpus: Corpus): Corpus {
  const lone = corpus.samples.map((parts) => [parts.at(-1)?.slice(5) ?? new Uint8Array(0)]);
  return { headParts: 0, samples: lone, words: [...'{}[]":,%\r\n'].map((one) => Buffer.from(one)) };
}

function toBase64(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('base64'));
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
