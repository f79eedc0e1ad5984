import { expect, test } from 'bun:test';
import type { CallHandler, ServerCall } from '../../core/call.ts';
import { Metadata, type MetadataInit } from '../../core/metadata.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import {
  type ApiKeyRecord,
  type ApiKeyServerOptions,
  apiKeyServer,
  hashApiKey,
  newApiKey,
} from './api-key.ts';
import { identityOf } from './identity.ts';

const key = newApiKey();
const record: ApiKeyRecord = {
  id: 'robot',
  sha256: hashApiKey(key),
  roles: ['reader'],
  scopes: ['models.read'],
};

/** Ends each call with OK and the caller's id in the trailer. */
const sayWho: CallHandler = (call: ServerCall) => {
  const id = identityOf(call)?.id ?? 'nobody';
  call.sendEnd({ error: undefined, metadata: Metadata.from({ id }) });
};

function callWith(metadata: MetadataInit, options: Partial<ApiKeyServerOptions> = {}) {
  const call = new ScriptedServerCall({ metadata });
  apiKeyServer({ keys: [record], ...options })(sayWho)(call);
  return call;
}

test('a known key names its caller, with roles and scopes', () => {
  const call = callWith({ 'x-api-key': key });
  expect(call.trailer?.metadata.get('id')).toBe('robot');
  expect(identityOf(call)).toEqual({
    id: 'robot',
    scheme: 'api-key',
    roles: ['reader'],
    scopes: ['models.read'],
  });
});

test('in authorization it stands after Bearer, in any case', () => {
  const call = callWith({ authorization: `bearer ${key}` }, { header: 'authorization' });
  expect(call.trailer?.metadata.get('id')).toBe('robot');
  const basic = callWith({ authorization: `Basic ${key}` }, { header: 'authorization' });
  expect(basic.code).toBe('unauthenticated');
});

test.each([
  ['no key', {}],
  ['an empty key', { 'x-api-key': '' }],
  ['an unknown key', { 'x-api-key': newApiKey() }],
  ['the hash instead of the key', { 'x-api-key': record.sha256 }],
  ['a key that is far too long', { 'x-api-key': 'x'.repeat(100_000) }],
])('%s is refused, and the handler does not see the call', (_what, metadata) => {
  const call = callWith(metadata as MetadataInit);
  expect(call.code).toBe('unauthenticated');
  expect(call.trailer?.metadata.size).toBe(0);
});

test('no refusal tells the key that was sent', () => {
  const wrong = newApiKey();
  expect(callWith({ 'x-api-key': wrong }).trailer?.error?.message).not.toContain(wrong);
});

test('a key that has expired is refused from that moment on', () => {
  const expiring = { ...record, expiresAt: 1_000 };
  const at = (ms: number) =>
    callWith({ 'x-api-key': key }, { keys: [expiring], now: () => ms }).code;
  expect([at(999), at(1_000)]).toEqual(['ok', 'unauthenticated']);
});

test('a call without a key goes on without an identity where none is required; a wrong one does not', () => {
  const without = callWith({}, { required: false });
  expect(without.trailer?.metadata.get('id')).toBe('nobody');
  expect(callWith({ 'x-api-key': 'wrong' }, { required: false }).code).toBe('unauthenticated');
});

test('keys may come from elsewhere: the call is paused meanwhile, then goes on', async () => {
  const found = Promise.withResolvers<ApiKeyRecord | undefined>();
  const call = callWith({ 'x-api-key': key }, { keys: () => found.promise });
  expect([call.paused, call.code]).toEqual([true, undefined]);
  found.resolve(record);
  await call.end;
  expect([call.paused, call.trailer?.metadata.get('id')]).toEqual([false, 'robot']);
});

test('a record of another hash than was asked for admits nobody', () => {
  const call = callWith(
    { 'x-api-key': key },
    { keys: () => ({ ...record, sha256: '0'.repeat(64) }) },
  );
  expect(call.code).toBe('unauthenticated');
});

test('a store that fails refuses the call with a message that hides why; the server hears why', async () => {
  const failure = new Error('connection to 10.0.0.7 refused');
  const call = new ScriptedServerCall({ metadata: { 'x-api-key': key } });
  const handler = apiKeyServer({ keys: () => Promise.reject(failure) })(() => {});
  const handled: unknown = handler(call);
  await expect(handled).rejects.toBe(failure);
  expect(call.code).toBe('internal');
  expect(call.trailer?.error?.message).not.toContain('10.0.0.7');
});

test('a call that is canceled while its key is looked up never reaches the handler', async () => {
  const found = Promise.withResolvers<ApiKeyRecord | undefined>();
  const handled: ServerCall[] = [];
  const call = new ScriptedServerCall({ metadata: { 'x-api-key': key } });
  apiKeyServer({ keys: () => found.promise })((each) => handled.push(each))(call);
  call.cancel();
  found.resolve(record);
  await found.promise;
  await Promise.resolve();
  await Promise.resolve();
  expect([handled.length, call.released]).toEqual([0, true]);
});

test('a list with a hash that is none, or one twice, is refused at the start', () => {
  expect(() => apiKeyServer({ keys: [{ id: 'plain', sha256: key }] })).toThrow('API key plain');
  expect(() => apiKeyServer({ keys: [record, { ...record, id: 'twin' }] })).toThrow('twin');
});
