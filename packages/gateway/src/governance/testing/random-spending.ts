import fc from 'fast-check';
import type { SpenderKind } from '../budgets/spender.ts';
import type { LedgerEntry } from '../ledger.ts';
import { ledgerEntry } from './ledger-entry.ts';
import type { TestBudgets } from './test-budgets.ts';

/** When all of it happens. */
export const noon = Date.UTC(2026, 10, 21, 12);

/** By model, in USD for a million tokens. */
export const prices = {
  free: { input: 0, output: 0 },
  cheap: { input: 0.1, output: 0.4 },
  plain: { input: 1.3, output: 7.7 },
  dear: { input: 15, output: 75 },
};
const models = Object.keys(prices) as (keyof typeof prices)[];

const count = fc.nat({ max: 2_000 });

/** One attempt: who asks for what, what comes of it, and after how many turns of the others. */
export const attempt = fc.record({
  org: fc.nat({ max: 1 }),
  team: fc.nat({ max: 3 }),
  user: fc.nat({ max: 7 }),
  key: fc.nat({ max: 15 }),
  provider: fc.nat({ max: 2 }),
  tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
  model: fc.constantFrom(...models),
  bound: fc.record({ input: count, output: count }),
  /** Shares of what is held for that are used; over 1 for a provider that goes beyond its limit. */
  used: fc.record({
    input: fc.double({ min: 0, max: 1.2, noNaN: true }),
    output: fc.double({ min: 0, max: 1.2, noNaN: true }),
  }),
  outcome: fc.constantFrom('ok', 'ok', 'ok', 'error', 'canceled', 'incomplete', 'unmetered'),
  streams: fc.boolean(),
  turns: fc.nat({ max: 20 }),
});
export type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

/** Budgets of some of those who ask. */
export const budgets = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom<SpenderKind>('org', 'team', 'user', 'key', 'provider', 'tag'),
    id: fc.nat({ max: 3 }),
    period: fc.constantFrom('day', 'month', 'request'),
    mode: fc.constantFrom('hard', 'hard', 'soft'),
    limitMicroUsd: fc.nat({ max: 400_000 }),
  }),
  {
    minLength: 3,
    maxLength: 20,
    selector: ({ kind, id, period, mode }) => `${kind} ${id} ${period} ${mode}`,
  },
);

/** The id of a spender by its number. */
export const idOf = (kind: SpenderKind, index: number) =>
  kind === 'tag' ? (['a', 'b', 'c', 'd'][index] as string) : `${kind}_${index}`;

/** What went beyond what was held, for each budget: the only way to overspend. */
export class Excess {
  readonly #bySpender = new Map<string, number>();

  add(spenders: readonly string[], microUsd: number): void {
    for (const spender of spenders) {
      this.#bySpender.set(spender, this.of(spender) + Math.max(0, microUsd));
    }
  }

  of(spender: string): number {
    return this.#bySpender.get(spender) ?? 0;
  }
}

/** In how many pieces a stream comes. */
const streamParts = 8;

export interface RunOptions {
  /** Looks at all budgets after each change. */
  readonly keeps?: typeof expectKept;
  /** Between pieces of a stream. */
  readonly turn?: () => Promise<void>;
}

/** One attempt, from what it holds to its settlement; gives how it ended. */
export async function run(
  parts: TestBudgets,
  given: Attempt,
  excess: Excess,
  { keeps = expectKept, turn = async () => undefined }: RunOptions = {},
): Promise<string> {
  const { bound, model, tags, used } = given;
  const spenders = {
    orgId: `org_${given.org}`,
    teamId: `team_${given.team}`,
    userId: `user_${given.user}`,
    keyId: `key_${given.key}`,
    provider: `provider_${given.provider}`,
    tags,
  };
  const taken = parts.budgets.hold({
    ...spenders,
    model,
    pricing: undefined,
    atMs: noon,
    bound: () => ({ ...bound, caches: false, media: false }),
    countInput: async () => bound.input,
  });
  const hold = taken instanceof Promise ? await taken.catch(() => 'refused' as const) : taken;
  await keeps(parts, excess);
  if (hold === 'refused') return hold;
  for (let turns = 0; turns < given.turns; turns++) await undefined;
  const runsOn = given.streams ? 4 : 1;
  let output = Math.round(bound.output * used.output * runsOn);
  let { outcome }: { outcome: string } = given;
  if (hold && given.streams) {
    // Stopped in its middle, when more was written than is held for.
    for (let part = 1; part <= streamParts; part++) {
      const written = Math.round((output * part) / streamParts);
      if (hold.check(written)) {
        output = written;
        outcome = 'stopped';
        break;
      }
      await turn();
    }
  }
  const failed = outcome === 'error';
  const entry = ledgerEntry({
    ...spenders,
    model,
    pricing: undefined,
    atMs: noon,
    outcome: outcomes[outcome] ?? 'ok',
    metered: outcome !== 'unmetered',
    usage: failed
      ? { input: 0, output: 0 }
      : { input: Math.round(bound.input * used.input), output },
  });
  const held = hold?.amountMicroUsd ?? 0;
  if (hold) {
    parts.budgets.settle(hold, entry);
    const names = [...Object.values(spenders).flat()];
    excess.add(names, (entry.charge ?? 0) - held);
  }
  parts.ledger.record(entry);
  await keeps(parts, excess);
  return outcome;
}

const outcomes: Readonly<Record<string, LedgerEntry['outcome']>> = {
  error: 'error',
  canceled: 'canceled',
  incomplete: 'incomplete',
  stopped: 'incomplete',
};

/** What is spent and held together keeps to the limit. */
export async function expectKept({ budgets: live }: TestBudgets, excess: Excess): Promise<void> {
  for (const budget of await live.list()) {
    if (budget.mode === 'soft' || budget.period === 'request') continue;
    const used = budget.spentMicroUsd + budget.reservedMicroUsd;
    if (used > budget.limitMicroUsd + excess.of(budget.id)) {
      throw new Error(`overspent: ${JSON.stringify(budget)}, excess ${excess.of(budget.id)}`);
    }
  }
}
