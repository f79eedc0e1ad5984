import { expect, test } from 'bun:test';
import { createClient } from '../core/client.ts';
import { createServer } from '../core/server.ts';
import { RpcError } from '../rpc-error.ts';
import { countTo } from '../testing/contract/contract-bench.ts';
import { Notes } from '../testing/note-service.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { type AdmitCall, admitCalls } from './admit-calls.ts';

/** A client of a server that admits calls so, and what the server was asked and told. */
function setUp(admit: AdmitCall) {
  const seen: string[] = [];
  const unexpected: unknown[] = [];
  const server = createServer({
    interceptors: [admitCalls(admit)],
    onUnexpected: (error) => unexpected.push(error),
  }).add(Notes, {
    echo(note) {
      seen.push(note.text);
      return note;
    },
    async collect(notes) {
      let number = 0;
      for await (const note of notes) number += note.number;
      return { number };
    },
  });
  const transport = connectMemory({ handler: server.handler });
  return { client: createClient(Notes, transport), transport, seen, unexpected };
}

test('a call waits until it is admitted, and loses nothing', async () => {
  const asked = Promise.withResolvers<string>();
  const go = Promise.withResolvers<void>();
  const { client, transport, seen } = setUp(async (call) => {
    asked.resolve(call.path);
    await go.promise;
  });
  const reply = client.echo({ text: 'let me in' });
  const sum = client.collect(countTo(3));
  expect(await asked.promise).toBe('/zrpc.test.Notes/Echo');
  expect(seen).toEqual([]);
  go.resolve();
  expect((await reply).text).toBe('let me in');
  expect((await sum).number).toBe(3);
  await transport.close();
});

test('a call is refused with what is thrown, and what is no RpcError stays with the server', async () => {
  const { client, transport, seen, unexpected } = setUp(async ({ metadata }) => {
    await Promise.resolve();
    if (metadata.get('x-who') === 'nobody') throw new RpcError('permission_denied', 'not you');
    throw new TypeError('the database is gone');
  });
  const nobody = client.echo({}, { metadata: { 'x-who': 'nobody' } });
  await expect(nobody).rejects.toMatchObject({ code: 'permission_denied', message: 'not you' });
  expect(unexpected).toEqual([]);
  const error = await client.echo({}).catch((reason) => reason);
  expect(error.code).toBe('internal');
  expect(error.message).not.toContain('database');
  expect(unexpected).toEqual([new TypeError('the database is gone')]);
  expect(seen).toEqual([]);
  await transport.close();
});

test('one that its caller gives up while it waits is not passed on', async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { client, transport, seen } = setUp(async () => {
    asked.resolve();
    await go.promise;
  });
  const abort = new AbortController();
  const call = client.echo({ text: 'gone' }, { signal: abort.signal });
  await asked.promise;
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: 'canceled' });
  go.resolve();
  expect((await client.echo({ text: 'next' })).text).toBe('next');
  expect(seen).toEqual(['next']);
  await transport.close();
});

test('one that is admitted at once does not wait', async () => {
  const { client, transport } = setUp(() => {});
  expect((await client.echo({ text: 'in' })).text).toBe('in');
  await transport.close();
});
