import assert from 'node:assert/strict';
import type { Peer } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { retry } from '../../interceptors/retry.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../note-service.ts';
import {
  type ContractCase,
  countTo,
  fails,
  gather,
  patterned,
  settled,
  tick,
} from './contract-bench.ts';

/** How calls begin, wait and end: deadlines, cancellation, back-pressure, closing. */
export const flowCases: Record<string, ContractCase> = {
  'a handler that answers early ends the requests': {
    needs: ['client-stream'],
    async run(bench) {
      const client = await bench.serve({
        async collect(notes) {
          for await (const note of notes) if (note.number === 2) return { text: 'enough' };
          return {};
        },
      });
      const closed = Promise.withResolvers<void>();
      async function* endless() {
        try {
          for (let number = 0; ; number++) {
            yield { number };
            await tick();
          }
        } finally {
          closed.resolve();
        }
      }
      assert.equal((await client.collect(endless())).text, 'enough');
      await closed.promise;
    },
  },

  'requests that throw cancel the call': {
    needs: ['client-stream'],
    async run(bench) {
      const started = Promise.withResolvers<void>();
      const aborted = Promise.withResolvers<void>();
      const client = await bench.serve({
        async collect(notes, { signal }) {
          started.resolve();
          signal.addEventListener('abort', () => aborted.resolve());
          for await (const _ of notes);
          return {};
        },
      });
      async function* faulty() {
        yield { number: 1 };
        await started.promise;
        throw new RpcError('failed_precondition', 'the source broke');
      }
      await fails(client.collect(faulty()), 'failed_precondition');
      await aborted.promise;
    },
  },

  'a deadline ends the call on both sides, and the server knows it': {
    async run(bench) {
      const seen = Promise.withResolvers<{ left: number; reason: unknown }>();
      const client = await bench.serve({
        echo(_note, { signal, deadlineAt }) {
          const left = deadlineAt - performance.now();
          return new Promise(() => {
            signal.addEventListener('abort', () => seen.resolve({ left, reason: signal.reason }));
          });
        },
      });
      await fails(client.echo({}, { timeoutMs: 60 }), 'deadline_exceeded');
      const { left, reason } = await seen.promise;
      assert.ok(left > 0 && left <= 61, `the server had ${left} ms`);
      assert.ok(reason instanceof RpcError);
    },
  },

  'a signal cancels a call on both sides': {
    needs: ['quiet-cancel'],
    async run(bench) {
      const started = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<void>();
      const client = await bench.serve({
        echo(_note, { signal }) {
          started.resolve();
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              ended.resolve();
              reject(signal.reason);
            });
          });
        },
      });
      const abort = new AbortController();
      const call = client.echo({}, { signal: abort.signal });
      await started.promise;
      abort.abort();
      await fails(call, 'canceled');
      await ended.promise;
      await fails(client.echo({}, { signal: abort.signal }), 'canceled');
    },
  },

  'leaving the loop over a stream stops the server': {
    async run(bench) {
      const closed = Promise.withResolvers<void>();
      const client = await bench.serve({
        async *list() {
          try {
            for (let number = 0; ; number++) {
              yield { number };
              await tick();
            }
          } finally {
            closed.resolve();
          }
        },
      });
      for await (const { number } of client.list({})) if (number === 3) break;
      await closed.promise;
    },
  },

  'a reader that is slow holds the sender back': {
    needs: ['back-pressure'],
    async run(bench) {
      let sent = 0;
      const payload = patterned(10_000);
      const client = await bench.serve(
        {
          async *list() {
            for (; sent < 3_000; sent++) yield { payload, number: sent };
          },
        },
        { streamWindowBytes: 64 * 1024 },
      );
      const stream = client.list({})[Symbol.asyncIterator]();
      await stream.next();
      await settled(() => sent);
      const early = sent;
      let read = 1;
      // A stream that nobody reads would keep the connection from closing, and the fault from sight.
      while (!(await stream.next()).done) read++;
      assert.ok(early < 2_000, `${early} messages of 10 kB were sent to a reader that took one`);
      assert.equal(read, 3_000);
    },
  },

  'a server that is slow to read holds the client back': {
    needs: ['client-stream', 'back-pressure'],
    async run(bench) {
      let made = 0;
      const payload = patterned(10_000);
      const go = Promise.withResolvers<void>();
      const client = await bench.serve(
        {
          async collect(notes) {
            await go.promise;
            let number = 0;
            for await (const _ of notes) number++;
            return { number };
          },
        },
        { streamWindowBytes: 64 * 1024 },
      );
      async function* large() {
        for (; made < 3_000; made++) yield { payload };
      }
      const call = client.collect(large());
      await settled(() => made);
      const early = made;
      go.resolve();
      assert.equal((await call).number, 3_000);
      assert.ok(early < 2_000, `${early} messages of 10 kB were sent to a server that took none`);
    },
  },

  'many calls at once keep apart': {
    async run(bench) {
      const client = await bench.serve({
        async echo(note) {
          for (let i = note.number % 5; i > 0; i--) await tick();
          return note;
        },
        list: ({ number }) => countTo(number),
      });
      const unary = Array.from({ length: 200 }, async (_, number) => {
        const text = `call ${number}`;
        assert.deepEqual((await client.echo({ number, text })).text, text);
      });
      const streams = Array.from({ length: 20 }, async (_, number) => {
        assert.equal((await gather(client.list({ number }))).length, number);
      });
      await Promise.all([...unary, ...streams]);
    },
  },

  'closing lets an open call end and refuses a new one': {
    needs: ['drain'],
    async run(bench) {
      const started = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const server = createServer().add(Notes, {
        async echo(note) {
          started.resolve();
          await go.promise;
          return note;
        },
      });
      const { transport } = await bench.open(server.handler);
      const client = createClient(Notes, transport);
      const open = client.echo({ text: 'open' });
      await started.promise;
      const closing = transport.close();
      await fails(client.echo({}), 'unavailable');
      go.resolve();
      assert.equal((await open).text, 'open');
      await closing;
    },
  },

  'a connection that has become too old drains, and calls go on over a new one': {
    needs: ['connection-age'],
    async run(bench) {
      const peers = new Set<Peer>();
      const { handler } = createServer().add(Notes, {
        echo(note, { peer }) {
          peers.add(peer);
          return note;
        },
        async *list(_note, { peer, draining }) {
          peers.add(peer);
          yield { text: 'first' };
          await new Promise((resolve) => draining.addEventListener('abort', resolve));
          yield { text: 'last' };
        },
      });
      const limits = { maxConnectionAgeMs: 50, maxConnectionAgeGraceMs: 60_000 };
      const { transport } = await bench.open(handler, limits);
      const client = createClient(Notes, retry({ maxRefusals: 5 })(transport));
      const texts = (await gather(client.list({}))).map(({ text }) => text);
      assert.deepEqual(texts, ['first', 'last']);
      assert.equal((await client.echo({ text: 'next' })).text, 'next');
      assert.equal(peers.size, 2);
    },
  },

  'a call that outlasts a connection that has become too old is cancelled': {
    needs: ['connection-age'],
    async run(bench) {
      const cancelled = Promise.withResolvers<RpcError>();
      const { handler } = createServer().add(Notes, {
        echo: (_note, { signal }) =>
          new Promise(() => {
            signal.addEventListener('abort', () => cancelled.resolve(signal.reason));
          }),
      });
      const limits = { maxConnectionAgeMs: 20, maxConnectionAgeGraceMs: 1 };
      const { transport } = await bench.open(handler, limits);
      await fails(createClient(Notes, transport).echo({}), 'unavailable');
      assert.equal((await cancelled.promise).code, 'unavailable');
    },
  },

  'both sides are closed at the end of the block that declares them': {
    async run(bench) {
      const { handler } = createServer().add(Notes, { echo: (note) => note });
      const connected = await bench.open(handler);
      {
        await using transport = connected.transport;
        assert.equal((await createClient(Notes, transport).echo({ text: 'in' })).text, 'in');
      }
      await fails(createClient(Notes, connected.transport).echo({}), 'unavailable');
      await connected.listener?.[Symbol.asyncDispose]();
    },
  },

  'a handler is told that its server shuts down, and may end in time': {
    needs: ['listener'],
    async run(bench) {
      const server = createServer().add(Notes, {
        async *list(_note, { draining }) {
          yield { text: 'first' };
          await new Promise((resolve) => draining.addEventListener('abort', resolve));
          yield { text: 'last' };
          throw draining.reason;
        },
      });
      const { transport, listener } = await bench.open(server.handler);
      const notes = createClient(Notes, transport).list({})[Symbol.asyncIterator]();
      assert.equal((await notes.next()).value?.text, 'first');
      // A minute, which the end of the test would not wait for.
      const closed = listener?.close({ graceMs: 60_000 });
      assert.equal((await notes.next()).value?.text, 'last');
      await fails(notes.next(), 'unavailable');
      await closed;
    },
  },
};
