import { afterEach, beforeEach, expect, jest, test } from 'bun:test';
import { createLogger, createMetrics } from '@zeke/foundation';
import fc from 'fast-check';
import { LocalAdmission } from './admission.ts';
import { HeldClock } from './held-clock.ts';
import { RateLimits } from './rate-limits.ts';
import { type Subject, subjectOf } from './subject.ts';
import { SubjectGroup } from './subject-group.ts';
import { limitSettings } from './testing/limited-gateway.ts';
import { TierLimiters } from './tier-limiters.ts';

const request = new Request('http://127.0.0.1/');

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function rateLimits(monotonicMs: () => number): Promise<RateLimits> {
  const log = createLogger({ level: 'silent' });
  const metrics = await createMetrics({ processMetrics: false });
  return new RateLimits({ log, metrics, monotonicMs });
}

test('who is limited no more is forgotten while it is on, and no timer is left after', async () => {
  let nowMs = 0;
  const limits = await rateLimits(() => nowMs);
  expect(jest.getTimerCount()).toBe(0);
  limits.configure(limitSettings({ defaultTier: 'small' }));
  limits.configure(limitSettings({ defaultTier: 'small' }));
  expect(jest.getTimerCount()).toBe(1);
  const caller = { keyId: 'key_1', admin: false, inference: true };
  void limits.admission(caller, request, undefined).begin();
  const [subject] = limits.subjectsOf(caller, request, undefined);
  expect(subject?.limiters.requests?.size).toBe(1);
  nowMs = 60_000;
  jest.advanceTimersByTime(1_000);
  expect(subject?.limiters.requests?.size).toBe(0);
  limits.configure(limitSettings({ enabled: false }));
  expect(jest.getTimerCount()).toBe(0);
  limits.configure(limitSettings());
  limits[Symbol.dispose]();
  expect(jest.getTimerCount()).toBe(0);
});

test('names of tiers and owners may be any words, and ids of any length', async () => {
  const limits = await rateLimits(() => 0);
  const owner = 'o'.repeat(5_000);
  const tiers = JSON.parse('{"__proto__": {"concurrent": 1}, "unlimited": {}}');
  limits.configure(
    limitSettings({ tiers, defaultTier: 'unlimited', owners: { [owner]: '__proto__' } }),
  );
  const caller = { keyId: 'constructor', owner, tier: 'toString', admin: false, inference: true };
  const first = limits.admission(caller, request, undefined);
  void first.begin();
  expect(() => limits.admission(caller, request, undefined).begin()).toThrow('at the same time');
  first.leave();
  void limits.admission(caller, request, undefined).begin();
});

test('many addresses narrow nothing for keys', async () => {
  const limits = await rateLimits(() => 0);
  limits.configure(limitSettings({ defaultTier: 'small', addressTier: 'small' }));
  const caller = { keyId: 'key_1', admin: false, inference: true };
  const [key, address] = limits.subjectsOf(caller, request, () => '203.0.113.1');
  expect([key?.kind, address?.kind]).toEqual(['key', 'address']);
  expect(key?.limiters.requests).not.toBe(address?.limiters.requests);
});

const tier = fc.record({
  requests: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
  tokens: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  concurrent: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
});

/** What a subject has left of everything. */
const stateOf = ({ key, limiters: { concurrent, requests, tokens } }: Subject) => [
  requests?.remaining(key),
  tokens?.remaining(key),
  concurrent?.remaining(key),
];

test('a request has what it takes of all, or nothing of any, and gives back what it did not use', () => {
  fc.assert(
    fc.property(
      fc.array(tier, { minLength: 1, maxLength: 4 }),
      fc.option(tier, { nil: undefined }),
      fc.array(fc.record({ estimate: fc.nat(20), ends: fc.boolean(), fails: fc.boolean() }), {
        maxLength: 12,
      }),
      (tiers, modelTier, asked) => {
        const subjects = tiers.map((each, index) => subject(`s${index}`, each));
        const model = modelTier && subject('model', modelTier);
        const all = model ? [...subjects, model] : subjects;
        const nobody = new SubjectGroup([], () => {});
        const group = subjects.reduce((some, each) => some.with(each), nobody);
        for (const { ends, estimate, fails } of asked) {
          const before = all.map(stateOf);
          const admission = new LocalAdmission(group, {
            modelSubject: () => model,
            refused: () => undefined,
            clock: new HeldClock(() => 0),
          });
          try {
            admission.begin();
          } catch {
            expect(all.map(stateOf)).toEqual(before);
            continue;
          }
          const begun = all.map(stateOf);
          try {
            const draw = admission.draw('p', 'm', () => estimate);
            if (fails) draw?.giveBack();
            if (ends && !fails) {
              draw?.end();
              draw?.settle({ metered: true, outcome: 'error', usage: { input: 0, output: 0 } });
            }
            if (fails || ends) {
              const tokensOf = (states: unknown[][]) => states.map(([, tokens]) => tokens);
              expect(tokensOf(all.map(stateOf))).toEqual(tokensOf(begun));
            }
          } catch {
            expect(all.map(stateOf)).toEqual(begun);
          }
          if (ends) admission.leave();
          for (const [requests, tokens, concurrent] of all.map(stateOf)) {
            for (const left of [requests, tokens, concurrent]) {
              if (left !== undefined) expect(left).toBeGreaterThanOrEqual(0);
            }
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

function subject(
  id: string,
  {
    concurrent,
    requests,
    tokens,
  }: { [K in 'requests' | 'tokens' | 'concurrent']: number | undefined },
): Subject {
  const rate = (limit: number) => ({ limit, periodMs: 60_000 });
  const options = {
    ...(requests === undefined ? {} : { requests: rate(requests) }),
    ...(tokens === undefined ? {} : { tokens: rate(tokens) }),
    ...(concurrent === undefined ? {} : { concurrent }),
  };
  return subjectOf('key', id, new TierLimiters({ name: 't', tier: options, monotonicMs: () => 0 }));
}
