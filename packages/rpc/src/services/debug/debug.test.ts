import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { requestIdClient, requestIds } from '../../interceptors/telemetry/request-id.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes, type NotesHandlers } from '../../testing/note-service.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { createDebug } from './debug.ts';
import { debugPage } from './debug-page.ts';

function setUp(handlers: Partial<NotesHandlers>) {
  const clock = { nowMs: 0 };
  const debug = createDebug({ now: () => clock.nowMs, wallNow: () => 1_000_000 + clock.nowMs });
  const interceptors = [debug.server, requestIds()];
  const { handler } = createServer({ interceptors }).add(Notes, handlers);
  const connection = debug.client('main')(connectMemory({ handler }));
  const transport = requestIdClient({ newId: () => 'r-1' })(connection);
  return { clock, debug, handler, transport, notes: createClient(Notes, transport) };
}

test('connections are shown with their counts, on both sides', async () => {
  const { debug, notes, transport } = setUp({ echo: (note) => note });
  await notes.echo({ text: 'hello' });
  const counts = {
    calls: 1,
    active: 0,
    succeeded: 1,
    failed: 0,
    messagesReceived: 1,
    messagesSent: 1,
    bytesReceived: 7,
    bytesSent: 7,
  };
  expect(debug.data().connections).toMatchObject([
    { side: 'client', transport: 'main', acceptsCalls: true, ...counts },
    { side: 'server', transport: 'memory', address: 'memory', ...counts },
  ]);
  await transport.close();
});

test('open calls are shown with their age, and are gone at their end', async () => {
  const answer = Promise.withResolvers<{ text: string }>();
  const begun = Promise.withResolvers<void>();
  const { clock, debug, notes, transport } = setUp({
    echo() {
      begun.resolve();
      return answer.promise;
    },
  });
  const echo = notes.echo({});
  await begun.promise;
  clock.nowMs = 250;
  const open = debug.data().calls;
  expect(open).toMatchObject([
    { side: 'client', method: '/zrpc.test.Notes/Echo', ageMs: 250, messagesSent: 1 },
    { side: 'server', requestId: 'r-1', ageMs: 250, messagesReceived: 1 },
  ]);
  answer.resolve({ text: 'done' });
  await echo;
  expect(debug.data().calls).toEqual([]);
  await transport.close();
});

test('the last failures are shown, the latest first, and no more than 100', () => {
  const { clock, debug, handler } = setUp({});
  for (let i = 0; i < 150; i++) {
    clock.nowMs = i;
    handler(new ScriptedServerCall({ path: `/made/Up${i}` }));
  }
  const { failures } = debug.data();
  expect(failures).toHaveLength(100);
  expect(failures[0]).toMatchObject({
    method: '/made/Up149',
    code: 'unimplemented',
    at: 1_000_149,
  });
});

test('connections at rest are forgotten before others, and no more than 1,000 are kept', () => {
  const { debug, handler } = setUp({ collect: () => new Promise(() => {}) });
  const call = (path: string, address: string) =>
    handler(new ScriptedServerCall({ path, peer: { address } }));
  call('/zrpc.test.Notes/Collect', 'busy');
  for (let i = 0; i < 1_200; i++) call('/made/Up', `resting ${i}`);
  const servers = debug.data().connections.filter((each) => each.side === 'server');
  expect(servers).toHaveLength(1_000);
  expect(servers[0]).toMatchObject({ address: 'busy', active: 1 });
});

test('the page shows what the data say, and nothing from outside becomes HTML', () => {
  const { debug, handler } = setUp({});
  handler(new ScriptedServerCall({ path: '/<script>alert(1)</script>/"&' }));
  const page = debugPage(debug.data());
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;/&quot;&amp;');
  expect(page).not.toContain('<script');
  expect(page).toContain('unimplemented');
  expect(page).toContain('No call is open.');
});

test('a call that fails before its deadline shows what is left of it', () => {
  const { clock, debug, handler } = setUp({ collect: () => new Promise(() => {}) });
  const call = new ScriptedServerCall({ path: '/zrpc.test.Notes/Collect', deadlineAt: 1e12 });
  handler(call);
  clock.nowMs = 1e12 - 5;
  expect(debug.data().calls).toMatchObject([{ leftMs: 5 }]);
  call.cancel(new RpcError('unavailable', 'the connection broke'));
  expect(debug.data().failures).toMatchObject([{ code: 'unavailable' }]);
});
