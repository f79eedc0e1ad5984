import assert from 'node:assert/strict';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { Notes, type NotesClient } from '../note-service.ts';
import { type ContractBench, type ContractCase, fails, tick } from './contract-bench.ts';

/** What becomes of calls beyond `maxStreams`: they wait for those before them. */
export const queueCases: Record<string, ContractCase> = {
  'calls beyond maxStreams wait for those before them': {
    async run(bench) {
      let running = 0;
      let most = 0;
      const client = await bench.serve(
        {
          async echo(note) {
            running += 1;
            most = Math.max(most, running);
            await tick();
            running -= 1;
            return note;
          },
        },
        { maxStreams: 10 },
      );
      for (const round of ['cold', 'warm']) {
        const calls = Array.from({ length: 60 }, (_, number) =>
          client.echo({ text: round, number }),
        );
        const replies = await Promise.all(calls);
        assert.deepEqual(
          replies.map(({ number }) => number),
          Array.from({ length: 60 }, (_, number) => number),
        );
      }
      assert.ok(most <= 10, `${most} calls ran at once`);
    },
  },

  'a call that waits for its turn can be given up, and has its deadline': {
    async run(bench) {
      const { client, seen, release } = await occupied(bench, { maxStreams: 1 });
      const abort = new AbortController();
      const given = client.echo({ text: 'given up' }, { signal: abort.signal });
      const late = client.echo({ text: 'late' }, { timeoutMs: 30 });
      const patient = client.echo({ text: 'patient' });
      abort.abort();
      await fails(given, 'canceled');
      await fails(late, 'deadline_exceeded');
      release();
      assert.equal((await patient).text, 'patient');
      assert.deepEqual(seen, ['first', 'patient']);
    },
  },

  'only so many calls wait': {
    async run(bench) {
      const limits = { maxStreams: 1, maxQueuedCalls: 2 };
      const { client, seen, release } = await occupied(bench, limits);
      const waiting = ['one', 'two'].map((text) => client.echo({ text }));
      const error = await fails(client.echo({ text: 'three' }), 'resource_exhausted');
      assert.match(error.message, /maxQueuedCalls/);
      assert.ok(error.retryable);
      release();
      await Promise.all(waiting);
      assert.deepEqual(seen, ['first', 'one', 'two']);
    },
  },

  'closing lets calls that wait end as well': {
    needs: ['drain'],
    async run(bench) {
      const { client, close, release } = await occupied(bench, { maxStreams: 1 });
      const waiting = ['one', 'two', 'three'].map((text) => client.echo({ text }));
      const closing = close();
      await fails(client.echo({ text: 'too late' }), 'unavailable');
      release();
      const replies = await Promise.all(waiting);
      assert.deepEqual(
        replies.map(({ text }) => text),
        ['one', 'two', 'three'],
      );
      await closing;
    },
  },
};

/** A connection whose first call has begun, and runs until `release`. */
async function occupied(
  bench: ContractBench,
  limits: Parameters<ContractBench['open']>[1],
): Promise<{
  readonly client: NotesClient;
  /** What the server has been asked, in order. */
  readonly seen: readonly string[];
  close(): Promise<void>;
  release(): void;
}> {
  const seen: string[] = [];
  const started = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const server = createServer().add(Notes, {
    async echo(note) {
      seen.push(note.text);
      if (note.text !== 'first') return note;
      started.resolve();
      await go.promise;
      return note;
    },
  });
  const { transport } = await bench.open(server.handler, limits);
  const client = createClient(Notes, transport);
  const first = client.echo({ text: 'first' });
  await started.promise;
  return {
    client,
    seen,
    close: () => transport.close(),
    release() {
      go.resolve();
      void first;
    },
  };
}
