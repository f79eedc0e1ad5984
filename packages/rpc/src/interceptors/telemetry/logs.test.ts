import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes, type NotesHandlers } from '../../testing/note-service.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { apiKeyServer, hashApiKey, newApiKey } from '../auth/api-key.ts';
import { type LogOptions, logClient, logServer, type RpcLog } from './logs.ts';
import { requestIdClient, requestIds } from './request-id.ts';

interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

function recording(): { readonly lines: Line[]; readonly log: RpcLog } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } };
}

function setUp(handlers: Partial<NotesHandlers>, options: Partial<LogOptions> = {}) {
  const clock = { nowMs: 0 };
  const now = () => clock.nowMs;
  const served = recording();
  const called = recording();
  const interceptors = [requestIds(), logServer({ log: served.log, now, ...options })];
  const { handler } = createServer({ interceptors }).add(Notes, handlers);
  const logged = logClient({ log: called.log, now, ...options })(connectMemory({ handler }));
  const transport = requestIdClient({ newId: () => 'r-1' })(logged);
  return { clock, served, called, transport, notes: createClient(Notes, transport) };
}

test('each side writes a line at the end of a call, under the same request id', async () => {
  const { clock, served, called, notes, transport } = setUp({
    echo(note) {
      clock.nowMs += 1.2345;
      return note;
    },
  });
  await notes.echo({ text: 'confidential' });
  const common = { rpc: '/zrpc.test.Notes/Echo', requestId: 'r-1', code: 'ok', durationMs: 1.235 };
  expect(served.lines).toEqual([
    {
      level: 'info',
      fields: { ...common, peer: 'memory memory' },
      message: 'served /zrpc.test.Notes/Echo',
    },
  ]);
  expect(called.lines).toEqual([
    { level: 'info', fields: common, message: 'called /zrpc.test.Notes/Echo' },
  ]);
  expect(JSON.stringify([served.lines, called.lines])).not.toContain('confidential');
  await transport.close();
});

test('a refusal is a warning; a fault of the server is an error, with its cause', async () => {
  const cause = new Error('the disk is full');
  const { served, notes, transport } = setUp({
    echo({ number }) {
      if (number === 0) throw new RpcError('not_found', 'no such note');
      throw cause;
    },
  });
  await notes.echo({ number: 0 }).catch(() => {});
  await notes.echo({ number: 1 }).catch(() => {});
  expect(served.lines.map((line) => line.level)).toEqual(['warn', 'error']);
  expect(served.lines[0]?.fields).toMatchObject({ code: 'not_found', reason: 'no such note' });
  expect(served.lines[1]?.fields).toMatchObject({ code: 'internal', err: cause });
  await transport.close();
});

test('metadata is logged when asked for, without secrets', () => {
  const { lines, log } = recording();
  const key = newApiKey();
  const metadata = {
    'x-api-key': key,
    authorization: 'Bearer hush',
    'x-goog-api-key': 'hush',
    cookie: 'id=hush',
    'x-session-id': 'hush',
    'my-thing': 'hush',
    'x-request-id': 'r-2',
    'trace-bin': new Uint8Array(3),
    twice: ['1', '2'],
    long: 'x'.repeat(300),
  };
  const authenticate = apiKeyServer({ keys: [{ id: 'robot', sha256: hashApiKey(key) }] });
  const { handler } = createServer({
    interceptors: [
      requestIds(),
      logServer({ log, metadata: true, secrets: ['my-thing'] }),
      authenticate,
    ],
  });
  handler(new ScriptedServerCall({ metadata }));
  expect(lines).toHaveLength(1);
  expect(lines[0]?.fields).toMatchObject({
    requestId: 'r-2',
    caller: 'robot',
    code: 'unimplemented',
    metadata: {
      'x-api-key': '[redacted]',
      authorization: '[redacted]',
      'trace-bin': '[3 bytes]',
      twice: '1, 2',
      long: `${'x'.repeat(256)}…`,
    },
  });
  const text = JSON.stringify(lines);
  expect(text).not.toContain('hush');
  expect(text).not.toContain(key);
});

test('only chosen methods are logged, on both sides', async () => {
  const only = (path: string) => path.endsWith('/List');
  const { served, called, notes, transport } = setUp(
    {
      echo: (note) => note,
      async *list() {},
    },
    { only },
  );
  await notes.echo({});
  for await (const _ of notes.list({}));
  expect([served.lines.length, called.lines.length]).toEqual([1, 1]);
  await transport.close();
});
