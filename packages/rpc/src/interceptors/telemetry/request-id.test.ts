import { expect, test } from 'bun:test';
import type { ServerCall } from '../../core/call.ts';
import { callValue } from '../../core/call-values.ts';
import { Metadata } from '../../core/metadata.ts';
import type { ParentCall } from '../../core/parent-call.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { ScriptedTransport } from '../../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../../testing/test-method.ts';
import { requestIdClient, requestIdOf, requestIds } from './request-id.ts';

const newId = () => 'made';

test.each([
  ['passed on', { 'x-request-id': 'Ab1._:/+=@-' }, 'Ab1._:/+=@-'],
  ['made where there is none', {}, 'made'],
  ['made where it could forge a line of a log', { 'x-request-id': 'a" level="error' }, 'made'],
  ['made where it is empty', { 'x-request-id': '' }, 'made'],
  ['made where it is too long', { 'x-request-id': 'x'.repeat(129) }, 'made'],
])('a request id is %s', (_what, metadata, id) => {
  const seen: (string | undefined)[] = [];
  const handler = (call: ServerCall) => seen.push(requestIdOf(call));
  requestIds({ newId })(handler)(new ScriptedServerCall({ metadata }));
  expect(seen).toEqual([id]);
});

test('ids that are made differ, and a call without the interceptor has none', () => {
  const seen: (string | undefined)[] = [];
  const intercepted = requestIds()((call) => seen.push(requestIdOf(call)));
  intercepted(new ScriptedServerCall());
  intercepted(new ScriptedServerCall());
  expect(new Set(seen).size).toBe(2);
  expect(requestIdOf(new ScriptedServerCall())).toBeUndefined();
});

test('a client sends one with each call that has none', () => {
  const transport = new ScriptedTransport();
  const client = requestIdClient({ newId })(transport);
  const open = (metadata: Metadata) => {
    client.open(testMethod(), testOpenOptions({ metadata }), new RecordingSink());
    return transport.call(-1).options.metadata.getAll('x-request-id');
  };
  expect(open(Metadata.empty)).toEqual(['made']);
  expect(open(Metadata.from({ 'x-request-id': 'own' }))).toEqual(['own']);
});

test('a call with a parent has its id', () => {
  const transport = new ScriptedTransport();
  const client = requestIdClient({ newId })(transport);
  const { signal } = new AbortController();
  requestIds()((call) => {
    const parent: ParentCall = {
      deadlineAt: call.deadlineAt,
      signal,
      value: (key) => callValue(call, key),
    };
    client.open(testMethod(), testOpenOptions({ parent }), new RecordingSink());
  })(new ScriptedServerCall({ metadata: { 'x-request-id': 'first' } }));
  expect(transport.call(0).options.metadata.get('x-request-id')).toBe('first');
});
