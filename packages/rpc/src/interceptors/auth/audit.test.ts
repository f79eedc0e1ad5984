import { expect, test } from 'bun:test';
import type { CallHandler } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { requestIds } from '../telemetry/request-id.ts';
import { apiKeyServer, hashApiKey, newApiKey } from './api-key.ts';
import { type AuditEntry, audit } from './audit.ts';

const key = newApiKey();
const authenticate = apiKeyServer({ keys: [{ id: 'robot', sha256: hashApiKey(key) }] });

const sayOk: CallHandler = (call) => call.sendEnd({ error: undefined, metadata: Metadata.empty });

function setUp() {
  const entries: AuditEntry[] = [];
  const clock = { nowMs: 1_000 };
  const record = (entry: AuditEntry) => entries.push(entry);
  return { entries, clock, options: { record, now: () => clock.nowMs } };
}

test('an entry says who, what, when, from where and what came of it, and no secret', () => {
  const { entries, clock, options } = setUp();
  const handler: CallHandler = (call) => {
    clock.nowMs += 25;
    sayOk(call);
  };
  const call = new ScriptedServerCall({ metadata: { 'x-api-key': key, 'x-request-id': 'r-1' } });
  requestIds()(audit(options)(authenticate(handler)))(call);
  expect(entries).toEqual([
    {
      at: 1_000,
      durationMs: 25,
      method: '/test.Service/Method',
      caller: { id: 'robot', scheme: 'api-key' },
      transport: 'memory',
      address: '127.0.0.1:4711',
      requestId: 'r-1',
      outcome: 'ok',
    },
  ]);
  expect(JSON.stringify(entries)).not.toContain(key);
});

test('what an interceptor behind it refuses is recorded, with the wrong key left out', () => {
  const { entries, options } = setUp();
  const wrong = newApiKey();
  const call = new ScriptedServerCall({ metadata: { 'x-api-key': wrong } });
  audit(options)(authenticate(sayOk))(call);
  expect(entries).toMatchObject([{ outcome: 'unauthenticated' }]);
  expect(entries[0]).not.toHaveProperty('caller');
  expect(JSON.stringify(entries)).not.toContain(wrong);
});

test('a call that its client gives up is recorded as canceled', () => {
  const { entries, options } = setUp();
  const call = new ScriptedServerCall();
  audit(options)(() => {})(call);
  expect(entries).toEqual([]);
  call.cancel();
  expect(entries).toMatchObject([{ outcome: 'canceled' }]);
});

test('only chosen methods are recorded', () => {
  const { entries, options } = setUp();
  const intercepted = audit({ ...options, only: (path) => path !== '/test.Service/Quiet' })(sayOk);
  intercepted(new ScriptedServerCall({ path: '/test.Service/Quiet' }));
  intercepted(new ScriptedServerCall());
  expect(entries.map((entry) => entry.method)).toEqual(['/test.Service/Method']);
});

test('a hook that fails changes no answer, and its failure is told', () => {
  const failures: unknown[] = [];
  const call = new ScriptedServerCall();
  const record = () => {
    throw new Error('the disk is full');
  };
  audit({ record, onFailure: (error) => failures.push(error) })(sayOk)(call);
  expect(call.code).toBe('ok');
  expect(failures).toEqual([new Error('the disk is full')]);
});
