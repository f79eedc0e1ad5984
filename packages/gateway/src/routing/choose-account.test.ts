import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { Circuit } from '@zeke/rpc/circuit';
import fc from 'fast-check';
import { apiError, apiErrorInfo } from '../neutral/api-error.ts';
import type { Provider, ProviderAccount } from '../providers/provider.ts';
import { chooseAccount, type PoolMember } from './choose-account.ts';
import { LiveAccount } from './live-account.ts';

const now = 1_000_000;
const provider = {} as Provider;

interface State {
  weight: number;
  inFlight: number;
  condition: 'well' | 'rests' | 'refused' | 'tried';
}

const tooMany = apiError('resource_exhausted', 'slow', { provider: 'p', retryAfterMs: 5_000 });
const wrongKey = apiError('failed_precondition', 'no', {
  provider: 'p',
  reason: 'provider_credentials',
});

function memberOf({ condition, inFlight, weight }: State, index: number): PoolMember {
  const name = { label: `${index}`, fingerprint: `print${index}` };
  const live = new LiveAccount({
    provider: 'p',
    name,
    now: () => now,
    onEvent: () => undefined,
    makeCircuit: () => new Circuit({}),
  });
  live.inFlight = inFlight;
  if (condition === 'rests') live.ended('m', tooMany);
  if (condition === 'refused') live.ended('m', wrongKey);
  return { account: { ...name, weight, provider }, live };
}

const choose = (members: PoolMember[], tried: ReadonlySet<ProviderAccount>, session?: string) =>
  chooseAccount({ provider: 'p', model: 'm', members, tried, session });

const state = fc.record<State>({
  weight: fc.constantFrom(0.5, 1, 3),
  inFlight: fc.nat(5),
  condition: fc.constantFrom('well', 'rests', 'refused', 'tried'),
});

describe('the key to ask with', () => {
  test('is one that is well, with the least under way for its weight, in any pool', () => {
    fc.assert(
      fc.property(
        fc.array(state, { minLength: 1, maxLength: 6 }),
        fc.option(fc.string(), { nil: undefined }),
        (states, session) => {
          const members = states.map(memberOf);
          const of = (condition: State['condition']) =>
            members.filter((_, index) => states[index]?.condition === condition);
          const tried = new Set(of('tried').map(({ account }) => account));
          const chosen = choose(members, tried, session);
          const well = of('well');
          if (well.length > 0) {
            if (chosen instanceof RpcError) throw chosen;
            expect(well).toContain(chosen);
            expect(choose(members, tried, session) === chosen || session === undefined).toBe(true);
            if (session !== undefined) return;
            const load = ({ account, live }: PoolMember) => live.inFlight / account.weight;
            expect(load(chosen)).toBe(Math.min(...well.map(load)));
            return;
          }
          if (of('rests').length > 0) {
            expect(apiErrorInfo(chosen as RpcError).retryAfterMs).toBe(5_000);
            return;
          }
          const hasRefused = of('refused').length > 0 && tried.size === 0;
          if (hasRefused) expect(of('refused')).toContain(chosen as PoolMember);
          else expect(chosen).toBeInstanceOf(RpcError);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('gives each its share, and one that comes back not all that it missed', () => {
    const members = [1, 2, 5].map((weight, index) =>
      memberOf({ weight, inFlight: 0, condition: 'well' }, index),
    );
    const counts = new Map<string, number>();
    const ask = (pool: PoolMember[], times: number) => {
      counts.clear();
      for (let i = 0; i < times; i++) {
        const chosen = choose(pool, new Set());
        if (chosen instanceof RpcError) throw chosen;
        counts.set(chosen.account.label, (counts.get(chosen.account.label) ?? 0) + 1);
      }
    };
    ask(members, 800);
    expect([...counts].sort()).toEqual([
      ['0', 100],
      ['1', 200],
      ['2', 500],
    ]);
    members[0]?.live.ended('m', wrongKey);
    ask(members, 700);
    expect(counts.get('0')).toBeUndefined();
    members[0]?.live.answered('m');
    ask(members, 80);
    expect(counts.get('0')).toBeGreaterThanOrEqual(10);
    expect(counts.get('0')).toBeLessThanOrEqual(12);
  });

  test('moves only the sessions of a key that rests', () => {
    const members = [0, 1, 2].map((index) =>
      memberOf({ weight: 1, inFlight: 0, condition: 'well' }, index),
    );
    const keyOf = (session: string) => choose(members, new Set(), session) as PoolMember;
    const sessions = Array.from({ length: 60 }, (_, i) => `session ${i}`);
    const before = sessions.map(keyOf);
    expect(new Set(before).size).toBe(3);
    members[0]?.live.ended('m', tooMany);
    for (const [i, session] of sessions.entries()) {
      const after = keyOf(session);
      expect(after).not.toBe(members[0] as PoolMember);
      if (before[i] !== members[0]) expect(after).toBe(before[i] as PoolMember);
    }
  });
});
