import assert from 'node:assert/strict';
import { encodeMessage } from '../../codec/message-bytes.ts';
import type { CallHandler, ClientSink, ServerCall, Transport } from '../../core/call.ts';
import { type CallOptions, createClient } from '../../core/client.ts';
import type { MethodInfo } from '../../core/method.ts';
import { createServer, type ServerOptions } from '../../core/server.ts';
import { WatchedClientCall, WatchedServerCall } from '../../core/watched-call.ts';
import { RpcError } from '../../rpc-error.ts';
import { collectWarnings } from '../collect-warnings.ts';
import { Note, Notes, type NotesClient } from '../note-service.ts';
import { testOpenOptions } from '../test-method.ts';
import { type ContractBench, type ContractCase, fails, gather } from './contract-bench.ts';

/** What becomes of calls whose interceptors and hooks, which are the application's, throw. */
export const hookCases: Record<string, ContractCase> = {
  'a server interceptor that throws ends its own call only': {
    async run(bench) {
      const unexpected: unknown[] = [];
      const options = {
        interceptors: [throwing],
        onUnexpected: (error: unknown) => unexpected.push(error),
      };
      await besideAnother(bench, options, async (client) => {
        const refused = await fails(client.echo({}, at('refuse')), 'unauthenticated');
        assert.equal(refused.message, 'no');
        for (const place of ['before', 'after', 'later']) {
          await fails(client.echo({}, at(place)), 'internal');
          assert.deepEqual(unexpected.splice(0), [fault], place);
        }
        for (const place of ['received', 'sent']) {
          await fails(client.echo({}, at(place)), 'data_loss');
          await fails(gather(client.list({}, at(place))), 'data_loss');
        }
      });
      assert.deepEqual(unexpected, []);
    },
  },

  'hooks at the end of a call that throw change nothing': {
    async run(bench) {
      const warnings = await collectWarnings(async () => {
        const onUnexpected = () => {
          throw new Error('the log is full');
        };
        await besideAnother(bench, { interceptors: [throwing], onUnexpected }, async (client) => {
          assert.equal((await client.echo({ text: 'x' }, at('ended'))).text, 'x');
          await fails(client.echo({ text: 'fail' }), 'internal');
          await fails(gather(client.list({ text: 'fail' })), 'internal');
        });
      });
      assert.equal(warnings.filter((one) => one.includes('the log is full')).length, 2);
    },
  },

  'a call of an interceptor that throws ends itself only': {
    async run(bench) {
      const warnings = await collectWarnings(async () => {
        await besideAnother(bench, { interceptors: [throwing] }, async (client) => {
          for (const place of ['message', 'half-close']) {
            await fails(client.echo({}, at(place)), 'internal');
            await fails(gather(client.list({}, at(place))), 'internal');
          }
        });
      });
      assert.equal(warnings.filter((one) => one.includes(fault.message)).length, 4);
    },
  },

  'a sink of a client that throws fails its own call only': {
    async run(bench) {
      await besideAnother(bench, {}, async (_client, transport) => {
        for (const place of ['onHeader', 'onMessage'] as const) {
          const { promise, resolve } = Promise.withResolvers<RpcError | undefined>();
          const sink: ClientSink = {
            onHeader() {},
            onMessage() {},
            onWritable() {},
            onEnd: ({ error }) => resolve(error),
            [place]: hook,
          };
          const [echo] = Object.values(Notes.methods) as [MethodInfo];
          const call = transport.open(echo, testOpenOptions(), sink);
          call.sendMessage(encodeMessage(Note, { text: 'x' }));
          call.sendEnd();
          assert.equal((await promise)?.code, 'internal');
        }
      });
    },
  },

  'a hook of a client that throws fails its own call only': {
    async run(bench) {
      await besideAnother(bench, {}, async (client) => {
        for (const options of [{ onHeader: hook }, { onTrailer: hook }]) {
          const error = await fails(client.echo({ text: 'x' }, options), 'internal');
          assert.equal(error.cause, fault);
          assert.match(error.message, /^on(Header|Trailer) of .*see the cause$/);
          const reading = gather(client.list({ text: 'x' }, options));
          assert.equal((await fails(reading, 'internal')).cause, fault);
        }
      });
    },
  },

  'a client interceptor that throws fails its own call only': {
    async run(bench) {
      await besideAnother(bench, {}, async (_client, transport) => {
        for (const place of ['open', 'sent', 'received'] as const) {
          const bad = createClient(Notes, {
            open(method, options, sink) {
              if (place === 'open') throw fault;
              return new ThrowingClientCall(sink, place).open(transport, method, options);
            },
            close: () => transport.close(),
          });
          const error = await fails(bad.echo({ text: 'x' }, { timeoutMs: 60_000 }), 'internal');
          assert.equal(error.cause, fault);
          await fails(gather(bad.list({ text: 'x' })), 'internal');
        }
      });
    },
  },
};

const fault = new Error('a hook has failed');

function hook(): never {
  throw fault;
}

function at(place: string): CallOptions {
  return { metadata: { 'x-throw': place } };
}

/** Throws where the call's metadata says. */
function throwing(next: CallHandler): CallHandler {
  return (call): unknown => {
    const place = call.metadata.get('x-throw');
    if (place === 'refuse') throw new RpcError('unauthenticated', 'no');
    if (place === 'before') throw fault;
    if (place === 'later') return Promise.reject(fault);
    next(place === undefined ? call : new ThrowingServerCall(call, place));
    if (place === 'after') throw fault;
    return undefined;
  };
}

class ThrowingServerCall extends WatchedServerCall {
  readonly #place: string;

  constructor(call: ServerCall, place: string) {
    super(call);
    this.#place = place;
  }

  protected override received(): void {
    if (this.#place === 'received') throw new RpcError('data_loss', 'received too little');
  }

  protected override sent(): void {
    if (this.#place === 'sent') throw new RpcError('data_loss', 'sent too little');
  }

  protected override ended(): void {
    if (this.#place === 'ended') throw fault;
  }

  override onMessage(bytes: Uint8Array, compressed?: boolean): void {
    if (this.#place === 'message') throw fault;
    super.onMessage(bytes, compressed);
  }

  override onHalfClose(): void {
    if (this.#place === 'half-close') throw fault;
    super.onHalfClose();
  }
}

class ThrowingClientCall extends WatchedClientCall {
  readonly #place: 'sent' | 'received';

  constructor(sink: ClientSink, place: 'sent' | 'received') {
    super(sink);
    this.#place = place;
  }

  protected override received(): void {
    if (this.#place === 'received') throw fault;
  }

  protected override sent(): void {
    if (this.#place === 'sent') throw fault;
  }
}

/** Runs calls while another one of the same connection is open, which must not notice. */
async function besideAnother(
  bench: ContractBench,
  options: ServerOptions,
  run: (client: NotesClient, transport: Transport) => Promise<void>,
): Promise<void> {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = createServer(options).add(Notes, {
    async echo(note) {
      if (note.text === 'another') {
        begun.resolve();
        await released.promise;
      }
      return answerTo(note);
    },
    async *list(note) {
      yield answerTo(note);
    },
  });
  const { transport } = await bench.open(server.handler);
  const client = createClient(Notes, transport);
  const another = client.echo({ text: 'another' });
  await begun.promise;
  await run(client, transport);
  released.resolve();
  assert.equal((await another).text, 'another');
}

function answerTo(note: Note): Note {
  if (note.text === 'fail') throw fault;
  return note;
}
