import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { apiErrorInfo } from '../neutral/api-error.ts';
import { readRouting, routingMember } from './routing-request.ts';

const read = (omen: unknown, headers: Record<string, string> = {}) =>
  readRouting({ [routingMember]: omen as never }, new Headers(headers));

function refusalOf(omen: unknown, headers: Record<string, string> = {}): string {
  try {
    read(omen, headers);
  } catch (reason) {
    if (!(reason instanceof RpcError)) throw reason;
    expect(reason.message).toStartWith(`${apiErrorInfo(reason).param}: `);
    return reason.message;
  }
  return 'no refusal';
}

describe('what a request says of its routing', () => {
  test('is all that stands there, with money in micro-USD and tags as one text each', () => {
    const omen = {
      strategy: 'race',
      k: 3,
      providers: ['one', 'two/m'],
      budget_usd: 0.25,
      max_latency_ms: 900,
      stickiness: 'turn',
      session_id: 's',
      priority_weights: { cost: 1, latency: 2 },
      min_useful_tokens: 7,
      intent: 'tests',
      tags: { project: 'alpha', stage: '' },
    };
    expect(read(omen)).toMatchObject({
      strategy: 'race',
      k: 3,
      providers: ['one', 'two/m'],
      budgetMicroUsd: 250_000,
      maxLatencyMs: 900,
      stickiness: 'turn',
      sessionId: 's',
      weights: { cost: 1, latency: 2, quality: 0, reliability: 0 },
      minUsefulTokens: 7,
      intent: 'tests',
      tags: ['project=alpha', 'stage='],
    });
  });

  test('may stand in headers, over which the body wins', () => {
    const headers = {
      'x-zeke-strategy': 'least_cost',
      'x-zeke-providers': 'one, two',
      'x-zeke-budget-usd': '0.5',
      'x-intent': 'regex',
    };
    expect(read(undefined, headers)).toMatchObject({
      strategy: 'least_cost',
      providers: ['one', 'two'],
      budgetMicroUsd: 500_000,
      intent: 'regex',
    });
    expect(read({ intent: 'code' }, headers)).toMatchObject({
      strategy: 'least_cost',
      intent: 'code',
    });
  });

  test('is nothing where neither is there', () => {
    expect(readRouting({}, new Headers())).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [[], 'omen: it must be an object'],
    [{ k: 9 }, 'omen.k: it must be a whole number from 1 to 8'],
    [{ k: 1.5 }, 'omen.k: it must be a whole number from 1 to 8'],
    [{ budget_usd: -1 }, 'omen.budget_usd: it must be a number from 0 to 1000000'],
    [{ budget_usd: Number.NaN }, 'omen.budget_usd: it must be a number from 0 to 1000000'],
    [{ budget_usd: JSON.parse('1e999') }, 'omen.budget_usd: it must be a number'],
    [{ budget_usd: '1' }, 'omen.budget_usd: it must be a number'],
    [{ providers: [] }, 'omen.providers: it must name somebody'],
    [{ providers: 'one' }, 'omen.providers: it must be a list'],
    [{ providers: [1] }, 'omen.providers.0: it must be a text of 1 to 2048 characters'],
    [{ session_id: '' }, 'omen.session_id: it must be a text of 1 to 256 characters'],
    [{ tags: { a: 1 } }, 'omen.tags.a: it must be a text of 0 to 99 characters'],
    [{ upgrade: 'yes' }, 'omen.upgrade: it must be true or false'],
    [{ fast: true }, 'omen.fast: there is no such field: known are strategy, k,'],
  ])('%j is refused in words', (omen, message) => {
    expect(refusalOf(omen)).toStartWith(message);
  });

  test.each([
    ['x-zeke-budget-usd', '-1', 'it must be a number from 0 to 1000000'],
    ['x-zeke-budget-usd', 'NaN', 'it must be a number from 0 to 1000000'],
    ['x-zeke-budget-usd', '1e9', 'it must be a number from 0 to 1000000'],
    ['x-zeke-providers', 'one,,two', 'it must be a text of 1 to 2048 characters'],
    ['x-intent', 'poetry', 'it must be one of code,'],
  ])('the header %s: %s is refused in words', (name, value, why) => {
    expect(refusalOf(undefined, { [name]: value })).toStartWith(`${name}: ${why}`);
  });

  test('whatever it is, it is read or refused with its field', () => {
    const known = fc.constantFrom('strategy', 'k', 'providers', 'tags', 'budget_usd', 'merge');
    const member = fc.oneof(
      fc.dictionary(fc.oneof(known, fc.string()), fc.jsonValue()),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(member, (omen) => {
        const refusal = refusalOf(omen);
        if (refusal !== 'no refusal') expect(refusal).toStartWith('omen');
      }),
    );
  });
});
