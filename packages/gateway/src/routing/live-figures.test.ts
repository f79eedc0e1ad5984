import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import type { LedgerEntry } from '../governance/ledger.ts';
import { ledgerEntry } from '../governance/testing/ledger-entry.ts';
import { LiveFigures } from './live-figures.ts';
import type { Candidate } from './model-catalog.ts';

const candidate = { provider: { name: 'one' }, model: 'm' } as Candidate;
const failure = new RpcError('unavailable', 'busy', { retryable: true });

function bench() {
  const figures = new LiveFigures({
    breaker: { failures: 5, windowMs: 60_000, openMs: 30_000 },
    onAccount: () => undefined,
    now: () => 0,
  });
  const begin = (of = candidate) => {
    const attempt = figures.begin(of);
    if (attempt instanceof RpcError) throw attempt;
    return attempt;
  };
  const end = (changes: Partial<LedgerEntry>, error?: RpcError) =>
    begin().end(ledgerEntry({ streamed: true, ...changes }), error);
  return { begin, end, figures, live: figures.of('one', 'm') };
}

describe('figures of a model', () => {
  test('are moving averages, of which the newest attempt decides a fifth', () => {
    const { end, live } = bench();
    expect(live).toMatchObject({ firstTokenMs: undefined, tokensPerSecond: undefined });
    const usage = { input: 10, output: 100 };
    end({ firstTokenMs: 200, latencyMs: 1_200, usage });
    expect(live).toMatchObject({ firstTokenMs: 200, tokensPerSecond: 100 });
    end({ firstTokenMs: 700, latencyMs: 1_200, usage });
    expect(live.firstTokenMs).toBeCloseTo(300);
    expect(live.tokensPerSecond).toBeCloseTo(120);
  });

  test('have the share of attempts that the provider failed', () => {
    const { end, live } = bench();
    end({ outcome: 'error' }, failure);
    expect(live.errorRate).toBe(1);
    end({});
    expect(live.errorRate).toBeCloseTo(0.8);
    end({ outcome: 'error' }, new RpcError('invalid_argument', 'no such field'));
    expect(live.errorRate).toBeCloseTo(0.64);
  });

  test('know nothing from who was cancelled, and count who is under way', () => {
    const { begin, end, live } = bench();
    const running = begin();
    expect(live.inFlight).toBe(1);
    running.end(ledgerEntry({ outcome: 'canceled' }), new RpcError('canceled', 'lost'));
    end({ outcome: 'canceled', firstTokenMs: 5 }, new RpcError('canceled', 'lost'));
    expect(live).toMatchObject({ attempts: 0, errorRate: 0, firstTokenMs: undefined, inFlight: 0 });
  });

  test('tell no speed of an answer that came at once, nor of one token', () => {
    const { end, live } = bench();
    end({ firstTokenMs: 100, latencyMs: 101, usage: { input: 1, output: 500 } });
    end({ firstTokenMs: 100, latencyMs: 900, usage: { input: 1, output: 1 } });
    expect(live.tokensPerSecond).toBeUndefined();
  });
});

test('a model rests after five failures, and no other model of its provider does', () => {
  const { begin, end, figures } = bench();
  for (let i = 0; i < 5; i++) end({ outcome: 'error' }, failure);
  expect(figures.begin(candidate)).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('one/m has failed too often'),
  });
  expect(figures.stateOf(candidate)).toBe('open');
  begin({ ...candidate, model: 'other' }).end(ledgerEntry(), undefined);
  expect(figures.stateOf({ ...candidate, model: 'other' })).toBe('closed');
});
