import type { Account, Window } from './account.ts';

/** What this process has of a window that replicas share. Micro-USD. */
export interface OwnPart {
  /** Charged by this process since it began, and how much of that is in the database. */
  chargedMicroUsd: number;
  writtenMicroUsd: number;
  /** Held for requests of this process. */
  reservedMicroUsd: number;
  /** Of what is charged, what the others know. */
  toldMicroUsd: number;
  /** While the others' part is not known; absent where it is. */
  share: Share | undefined;
}

/** What this process may spend by itself of what was left when the others were lost. */
interface Share {
  /** Each time the others are lost has another. */
  readonly loss: number;
  /** By how many the rest is divided. */
  readonly parts: number;
  readonly spentMicroUsd: number;
  /** By all, as far as it was known. */
  readonly heldMicroUsd: number;
  /** What this process had charged, and held, then. */
  readonly usedMicroUsd: number;
}

export function ownPart(): OwnPart {
  return {
    chargedMicroUsd: 0,
    writtenMicroUsd: 0,
    reservedMicroUsd: 0,
    toldMicroUsd: 0,
    share: undefined,
  };
}

/** How much more may be held in a window under this limit, now. Below 0 where it is passed. */
export function roomIn(
  { own, reservedMicroUsd, spentMicroUsd }: Window,
  limitMicroUsd: number,
): number {
  const share = own?.share;
  if (!own || !share) return limitMicroUsd - spentMicroUsd - reservedMicroUsd;
  const left = Math.max(0, limitMicroUsd - share.spentMicroUsd - share.heldMicroUsd);
  return Math.floor(left / share.parts) - (usedOf(own) - share.usedMicroUsd);
}

/** What this process has charged and holds. */
export function usedOf({ chargedMicroUsd, reservedMicroUsd }: OwnPart): number {
  return chargedMicroUsd + reservedMicroUsd;
}

/** A window with the account that it is of. */
export interface AccountWindow {
  readonly account: Account;
  readonly window: Window;
  readonly own: OwnPart;
}

/** The windows of a time of accounts that are shared. */
export function windowsOf(accounts: readonly Account[], atMs: number): AccountWindow[] {
  return accounts.flatMap((account) =>
    (['day', 'month'] as const).flatMap((period) => {
      const window = account.window(period, atMs);
      return window.own ? [{ account, window, own: window.own }] : [];
    }),
  );
}

/** The lowest of the hard limits of a window; undefined where there is none. */
export function hardLimitOf({ account, window }: AccountWindow): number | undefined {
  let lowest: number | undefined;
  for (const { budget } of account.limits) {
    if (budget.mode !== 'hard' || budget.period !== window.period) continue;
    if (lowest === undefined || budget.limitMicroUsd < lowest) lowest = budget.limitMicroUsd;
  }
  return lowest;
}
