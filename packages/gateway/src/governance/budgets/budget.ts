import type { SpenderKind } from './spender.ts';
import type { Period } from './windows.ts';

/** `soft` warns, `hard` refuses. */
export const budgetModes = ['soft', 'hard'] as const;
type BudgetMode = (typeof budgetModes)[number];

/** A spender has at most one budget of each period and mode. */
export interface BudgetKey {
  kind: SpenderKind;
  /** Of an organisation, a team, a user or a key; a provider's name; a tag's text. */
  id: string;
  period: Period;
  mode: BudgetMode;
}

/** What a spender may spend in a period. */
export interface Budget extends BudgetKey {
  limitMicroUsd: number;
  /** Milliseconds since the epoch. */
  createdAtMs: number;
}

/** A budget with what is used of it now. Budgets of a request have no window, and nothing is used. */
export interface BudgetStatus extends Budget {
  /** The spender's name, where it has one beside its id. */
  name?: string;
  spentMicroUsd: number;
  /** Held by requests under way, at their worst case. */
  reservedMicroUsd: number;
  /** When what is spent counts no more, in milliseconds since the epoch. */
  freesAtMs?: number;
}

/** Limits are below 2^53 with room for sums: a billion USD. */
export const maxLimitMicroUsd = 1_000_000_000_000_000;

/** An amount for people: `$1.50`, `$0.000125`. */
export function dollars(microUsd: number): string {
  return `$${(microUsd / 1_000_000).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}
