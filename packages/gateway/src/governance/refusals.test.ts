import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import type { LedgerEntry } from './ledger.ts';
import { type Refusal, Refusals } from './refusals.ts';

function fixture() {
  const entries: LedgerEntry[] = [];
  const refusals = new Refusals({ record: (entry) => void entries.push(entry) });
  const refuse = (changes: Partial<Refusal> = {}) =>
    refusals.record({
      atMs: 1_000_000,
      requestId: 'req_1',
      caller: undefined,
      requestedModel: '',
      operation: 'messages',
      dialect: 'anthropic-messages',
      httpStatus: 401,
      error: new RpcError('unauthenticated', 'no key'),
      latencyMs: 0.5,
      ...changes,
    });
  return { entries, refuse };
}

test('a refusal is an attempt at no provider, which costs nothing', () => {
  const { entries, refuse } = fixture();
  refuse({
    caller: { keyId: 'key_1', owner: 'ada', admin: false, inference: true },
    requestedModel: 'gpt-nope',
    httpStatus: 404,
    error: new RpcError('not_found', 'no such model'),
  });
  expect(entries).toEqual([
    expect.objectContaining({
      attempt: 0,
      outcome: 'refused',
      keyId: 'key_1',
      owner: 'ada',
      provider: '',
      requestedModel: 'gpt-nope',
      httpStatus: 404,
      errorCode: 'not_found',
      metered: false,
    }),
  ]);
});

test('requests of nobody known get rows up to a limit, and one more a second', () => {
  const { entries, refuse } = fixture();
  for (let count = 0; count < 500; count++) refuse();
  expect(entries).toHaveLength(100);
  for (let count = 0; count < 5; count++) refuse({ atMs: 1_002_500 });
  expect(entries).toHaveLength(102);
  const caller = { keyId: 'key_1', admin: false, inference: true };
  for (let count = 0; count < 5; count++) refuse({ atMs: 1_002_500, caller });
  expect(entries).toHaveLength(107);
});
