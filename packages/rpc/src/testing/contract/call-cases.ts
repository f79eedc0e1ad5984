import assert from 'node:assert/strict';
import { errorInfo, retryInfo } from '../../codec/error-details.ts';
import { encodeMessage } from '../../codec/message-bytes.ts';
import type { CompressionName, ServerCall, Transport } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { Metadata } from '../../core/metadata.ts';
import { createServer } from '../../core/server.ts';
import { WatchedServerCall } from '../../core/watched-call.ts';
import { codes, RpcError } from '../../rpc-error.ts';
import { Note, Notes } from '../note-service.ts';
import { testOpenOptions } from '../test-method.ts';
import { type ContractCase, countTo, fails, gather, patterned } from './contract-bench.ts';

/** What a call carries: messages, metadata, status. */
export const callCases: Record<string, ContractCase> = {
  'a unary call carries a message each way': {
    async run(bench) {
      const client = await bench.serve({ echo: (note) => ({ ...note, text: `${note.text}!` }) });
      const payload = new Uint8Array([0, 255, 7]);
      const reply = await client.echo({ text: 'hé', payload, number: 4_294_967_295 });
      assert.deepEqual(
        { ...reply, payload: [...reply.payload] },
        { text: 'hé!', payload: [0, 255, 7], number: 4_294_967_295 },
      );
    },
  },

  'empty messages are messages': {
    async run(bench) {
      const client = await bench.serve({
        echo: () => ({}),
        async *list() {
          yield {};
          yield {};
        },
      });
      assert.equal((await client.echo({})).text, '');
      assert.equal((await gather(client.list({}))).length, 2);
    },
  },

  'large messages arrive whole': {
    async run(bench) {
      const client = await bench.serve({ echo: (note) => note });
      const payload = patterned(3_000_000);
      const reply = await client.echo({ payload });
      assert.equal(Buffer.compare(reply.payload, payload), 0);
    },
  },

  'a message above the limit is refused, and the connection goes on': {
    async run(bench) {
      const client = await bench.serve(
        { echo: (note) => (note.text === 'grow' ? { payload: patterned(200_000) } : note) },
        { maxMessageBytes: 100_000 },
      );
      await fails(client.echo({ payload: patterned(200_000) }), 'resource_exhausted');
      await fails(client.echo({ text: 'grow' }), 'resource_exhausted');
      assert.equal((await client.echo({ text: 'still here' })).text, 'still here');
    },
  },

  'each of the sixteen codes arrives with its message': {
    async run(bench) {
      const client = await bench.serve({
        echo(note) {
          throw new RpcError(codes[note.number] ?? 'unknown', note.text);
        },
      });
      const text = 'no: 100 % of "ümlaut"\nand a line 🙂';
      for (const [number, code] of codes.entries()) {
        const error = await fails(client.echo({ number, text }), code);
        assert.equal(error.message, text);
      }
    },
  },

  'what a handler throws that is no RpcError stays with the server': {
    async run(bench) {
      const client = await bench.serve({
        echo() {
          throw new Error('the password is hunter2');
        },
        // biome-ignore lint/correctness/useYield: it fails before its first message.
        async *list() {
          throw new TypeError('the password is hunter2');
        },
      });
      const error = await fails(client.echo({}), 'internal');
      assert.doesNotMatch(error.message, /hunter2/);
      await fails(gather(client.list({})), 'internal');
    },
  },

  'methods and services that are not there are unimplemented': {
    async run(bench) {
      const partial = await bench.serve({});
      const error = await fails(partial.echo({}), 'unimplemented');
      assert.match(error.message, /Echo/);
      const { transport } = await bench.open(createServer().handler);
      const none = await fails(createClient(Notes, transport).echo({}), 'unimplemented');
      assert.match(none.message, /zrpc\.test\.Notes/);
    },
  },

  'several values of one name come apart and in order': {
    needs: ['repeated-metadata'],
    async run(bench) {
      const client = await bench.serve({
        echo: (_note, { metadata }) => ({ text: metadata.getAll('x-many').join('+') }),
      });
      const { text } = await client.echo({}, { metadata: { 'x-many': ['a', 'b c'] } });
      assert.equal(text, 'a+b c');
    },
  },

  'metadata goes both ways, as texts and bytes': {
    async run(bench) {
      const client = await bench.serve({
        echo(_note, context) {
          context.sendHeader({
            'x-seen': context.metadata.get('x-text') ?? '',
            'x-seen-bin': context.metadata.getBytes('x-raw-bin') ?? new Uint8Array(0),
          });
          context.trailer.append('x-after', 'last');
          context.trailer.append('x-after-bin', new Uint8Array([1, 0, 255]));
          return {};
        },
      });
      let header = Metadata.empty;
      let trailer = Metadata.empty;
      await client.echo(
        {},
        {
          metadata: { 'X-Text': 'a, b c', 'X-Raw-Bin': new Uint8Array([0, 200]) },
          onHeader: (metadata) => {
            header = metadata;
          },
          onTrailer: (metadata) => {
            trailer = metadata;
          },
        },
      );
      assert.equal(header.get('x-seen'), 'a, b c');
      assert.deepEqual([...(header.getBytes('x-seen-bin') ?? [])], [0, 200]);
      assert.equal(trailer.get('x-after'), 'last');
      assert.deepEqual([...(trailer.getBytes('x-after-bin') ?? [])], [1, 0, 255]);
    },
  },

  'names that belong to HTTP or gRPC are refused as metadata': {
    async run(bench) {
      let asked = 0;
      const client = await bench.serve({
        echo({ text }, context) {
          asked += 1;
          if (text !== '') context.trailer.append(text, 'mine');
          return {};
        },
      });
      for (const name of ['Host', 'te', 'grpc-timeout', 'content-type', 'date']) {
        const sent = await fails(
          client.echo({}, { metadata: { [name]: 'x' } }),
          'invalid_argument',
        );
        assert.match(sent.message, new RegExp(name, 'i'));
        assert.equal(asked, 0);
        const answered = await fails(client.echo({ text: name }), 'invalid_argument');
        assert.match(answered.message, new RegExp(name, 'i'));
        asked = 0;
      }
      await client.echo({ text: 'x-mine' }, { metadata: { 'grpc-retry-pushback-ms': '1' } });
    },
  },

  'metadata may be passed on as it came, user agent and all': {
    async run(bench) {
      const client = await bench.serve({
        echo: (_note, { metadata }) => ({
          text: `${metadata.get('x-own')} ${metadata.getAll('user-agent').join()}`,
        }),
      });
      const metadata = { 'user-agent': 'of-the-first-client', 'x-own': 'kept' };
      const { text } = await client.echo({}, { metadata });
      assert.match(text, /^kept /);
      assert.doesNotMatch(text, /of-the-first-client/);
    },
  },

  'a failed call has its details, typed and in order': {
    async run(bench) {
      const client = await bench.serve({
        echo() {
          throw new RpcError('resource_exhausted', 'slow down', {
            details: [
              errorInfo({ reason: 'QUOTA', domain: 'zrpc.test', metadata: { limit: '5' } }),
              retryInfo(2_500),
            ],
          });
        },
      });
      const error = await fails(client.echo({}), 'resource_exhausted');
      assert.equal(error.message, 'slow down');
      assert.deepEqual(
        error.details.map(({ type }) => type),
        ['google.rpc.ErrorInfo', 'google.rpc.RetryInfo'],
      );
      const info = error.detail<{ reason: string; metadata: Record<string, string> }>(
        'google.rpc.ErrorInfo',
      );
      assert.equal(info?.reason, 'QUOTA');
      assert.equal(info?.metadata.limit, '5');
      assert.equal(error.retryable, true, 'it says when to call again');
    },
  },

  'a failed call has its trailer': {
    async run(bench) {
      const client = await bench.serve({
        echo(_note, context) {
          context.trailer.append('x-why', 'because');
          throw new RpcError('aborted', 'no');
        },
      });
      let why: string | undefined;
      await fails(
        client.echo(
          {},
          {
            onTrailer: (metadata) => {
              why = metadata.get('x-why');
            },
          },
        ),
        'aborted',
      );
      assert.equal(why, 'because');
    },
  },

  'metadata above the limit is refused': {
    async run(bench) {
      const client = await bench.serve({ echo: (note) => note });
      const metadata = { 'x-large': 'x'.repeat(20_000) };
      await fails(client.echo({}, { metadata }), 'resource_exhausted');
      assert.equal((await client.echo({ text: 'on' })).text, 'on');
    },
  },

  'a server stream arrives in order and to its end': {
    async run(bench) {
      const client = await bench.serve({ list: ({ number }) => countTo(number) });
      const notes = await gather(client.list({ number: 2_000 }));
      assert.deepEqual(
        notes.map((note) => note.number),
        Array.from({ length: 2_000 }, (_, i) => i),
      );
      assert.equal((await gather(client.list({ number: 0 }))).length, 0);
    },
  },

  'a stream that fails gives its messages first': {
    async run(bench) {
      const client = await bench.serve({
        async *list() {
          yield* countTo(3);
          throw new RpcError('data_loss', 'the rest is gone');
        },
      });
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { number } of client.list({})) seen.push(number);
      })();
      await fails(reading, 'data_loss');
      assert.deepEqual(seen, [0, 1, 2]);
    },
  },

  'a client stream is read to its end': {
    needs: ['client-stream'],
    async run(bench) {
      const client = await bench.serve({
        async collect(notes) {
          let number = 0;
          for await (const note of notes) number += note.number;
          return { number };
        },
      });
      assert.equal((await client.collect(countTo(1_000))).number, 499_500);
      assert.equal((await client.collect(countTo(0))).number, 0);
    },
  },

  'both sides of a bidirectional stream talk in turn': {
    needs: ['bidi-stream'],
    async run(bench) {
      const client = await bench.serve({
        async *chat(notes) {
          for await (const note of notes) yield { number: note.number * 2 };
        },
      });
      const answers: number[] = [];
      let wake: (() => void) | undefined;
      async function* questions() {
        for (let number = 1; number <= 5; number++) {
          yield { number };
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      for await (const { number } of client.chat(questions())) {
        answers.push(number);
        wake?.();
      }
      assert.deepEqual(answers, [2, 4, 6, 8, 10]);
    },
  },

  'messages can be compressed': {
    needs: ['compression'],
    async run(bench) {
      const client = await bench.serve({ echo: (note) => note });
      const text = 'again and again '.repeat(2_000);
      for (const compression of ['gzip', 'zstd', 'identity'] as const) {
        assert.equal((await client.echo({ text }, { compression })).text, text);
        assert.equal((await client.echo({ text: 'short' }, { compression })).text, 'short');
      }
    },
  },

  'compression is chosen message by message, on both sides': {
    needs: ['compression', 'compression-choice'],
    async run(bench) {
      const seen: (boolean | undefined)[] = [];
      const server = createServer({
        interceptors: [(next) => (call) => next(new ArrivalWatcher(call, seen))],
      }).add(Notes, {
        echo: (note) => note,
        async *list({ text }, context) {
          for (const choice of choices) {
            context.compress = choice;
            yield { text };
          }
        },
      });
      const { transport } = await bench.open(server.handler);
      const long = 'again and again '.repeat(200);
      const asked: (boolean | undefined)[] = [];
      for (const [text, compress] of [
        [long, undefined],
        [long, false],
        ['x', true],
        ['x', undefined],
      ] as const) {
        await converse(transport, 'Echo', { text }, { compression: 'gzip', compress });
        asked.push(...seen.splice(0));
      }
      assert.deepEqual(asked, [true, false, true, false]);
      const choose = { compression: 'zstd' } as const;
      assert.deepEqual(await converse(transport, 'List', { text: long }, choose), [
        true,
        false,
        true,
      ]);
      assert.deepEqual(await converse(transport, 'List', { text: 'x' }, choose), [
        false,
        false,
        true,
      ]);
      seen.length = 0;
      await converse(transport, 'Echo', { text: long }, { compress: true });
      assert.deepEqual(seen, [false], 'a choice in a call without compression changes nothing');
    },
  },

  'the server can call the client': {
    needs: ['callback'],
    async run(bench) {
      const server = createServer().add(Notes, {
        async echo(note, { peer }) {
          assert.ok(peer.callback !== undefined);
          return await createClient(Notes, peer.callback).echo({ text: `${note.text} of you?` });
        },
      });
      const client = createServer().add(Notes, { echo: (note) => ({ text: `${note.text} Yes.` }) });
      const { transport } = await bench.open(server.handler, {}, client.handler);
      const reply = await createClient(Notes, transport).echo({ text: 'A word' });
      assert.equal(reply.text, 'A word of you? Yes.');
    },
  },
};

/** What a handler says of its messages, one after the other. */
const choices = [undefined, false, true];

/** Notes of each message that comes whether it was compressed. */
class ArrivalWatcher extends WatchedServerCall {
  readonly #seen: (boolean | undefined)[];

  constructor(call: ServerCall, seen: (boolean | undefined)[]) {
    super(call);
    this.#seen = seen;
  }

  override onMessage(bytes: Uint8Array, compressed?: boolean): void {
    this.#seen.push(compressed);
    super.onMessage(bytes, compressed);
  }
}

/** A call with one message. @returns whether each of the answers came compressed. */
function converse(
  transport: Transport,
  name: string,
  note: { readonly text: string },
  { compression, compress }: { compression?: CompressionName; compress?: boolean | undefined },
): Promise<(boolean | undefined)[]> {
  const method = Object.values(Notes.methods).find((one) => one.name === name);
  assert.ok(method !== undefined);
  const options = testOpenOptions(compression === undefined ? {} : { compression });
  return new Promise((resolve, reject) => {
    const answers: (boolean | undefined)[] = [];
    const call = transport.open(method, options, {
      onHeader() {},
      onMessage: (_bytes, compressed) => answers.push(compressed),
      onEnd: ({ error }) => (error === undefined ? resolve(answers) : reject(error)),
      onWritable() {},
    });
    call.sendMessage(encodeMessage(Note, note), compress);
    call.sendEnd();
  });
}
