import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { Account, Limit, Window } from './account.ts';
import { dollars } from './budget.ts';

/** Why an amount does not fit into a budget. */
export interface BudgetShortfall {
  account: Account;
  limit: Limit;
  /** Absent for a budget of a single request. */
  window?: Window;
  /** What the request may cost. */
  amountMicroUsd: number;
}

/** What a caller allows one request to cost, in all its attempts together. Micro-USD. */
export interface OwnBudget {
  readonly limitMicroUsd: number;
  /** Spent and held. */
  usedMicroUsd: number;
}

/** Why an amount does not fit into what the caller allows. */
interface OwnShortfall {
  own: OwnBudget;
  amountMicroUsd: number;
}

export type Shortfall = BudgetShortfall | OwnShortfall;

/** How soon to ask again where requests under way hold what is missing, in milliseconds. */
const soonMs = 1_000;

/**
 * What to tell of a shortfall: who has the budget, its limit, and when it frees up. A budget that is
 * used up is OpenAI's `insufficient_quota` (429, and to Anthropic's clients `billing_error`, 402), which
 * no client asks again for; one that requests under way hold is a plain 429 with a short `retry-after`.
 * Another candidate, which may cost less or count elsewhere, may do.
 */
export function refusalOf(shortfall: Shortfall, nowMs: number, prefix = ''): RpcError {
  if ('own' in shortfall) return ownRefusal(shortfall, prefix);
  const { account, amountMicroUsd, limit, window } = shortfall;
  const { limitMicroUsd, period } = limit.budget;
  const amount = dollars(amountMicroUsd);
  if (!window) {
    return apiError(
      'resource_exhausted',
      `${prefix}the budget of ${account.title} is ${dollars(limitMicroUsd)} a request, and this one may cost ${amount}: ask for less output (max_tokens), a shorter prompt or a cheaper model`,
      { status: 402, reason: 'request_over_budget', unfitting: true, retryable: false },
    );
  }
  const { endMs: freesAtMs, reservedMicroUsd, spentMicroUsd } = window;
  const isHeld = spentMicroUsd + amountMicroUsd <= limitMicroUsd;
  const frees = isHeld
    ? `it frees up as those end, at the latest at ${timeText(freesAtMs)}`
    : `it frees up at ${timeText(freesAtMs)}`;
  const used = `${dollars(spentMicroUsd)} spent and ${dollars(reservedMicroUsd)} held by requests under way`;
  return apiError(
    'resource_exhausted',
    `${prefix}the ${period}'s budget of ${account.title} is ${dollars(limitMicroUsd)}, with ${used}, and this request may cost ${amount}: ${frees}`,
    {
      reason: isHeld ? 'rate_limit_exceeded' : 'insufficient_quota',
      retryAfterMs: isHeld ? soonMs : Math.max(soonMs, freesAtMs - nowMs),
      unfitting: true,
      retryable: false,
    },
  );
}

function ownRefusal({ amountMicroUsd, own }: OwnShortfall, prefix: string): RpcError {
  const before =
    own.usedMicroUsd > 0
      ? `, with ${dollars(own.usedMicroUsd)} spent and held by other attempts`
      : '';
  return apiError(
    'resource_exhausted',
    `${prefix}omen.budget_usd: it is ${dollars(own.limitMicroUsd)}${before}, and this attempt may cost ${dollars(amountMicroUsd)}`,
    {
      status: 402,
      reason: 'request_over_budget',
      param: 'omen.budget_usd',
      unfitting: true,
      retryable: false,
    },
  );
}

/** Where a hard budget applies, what a request costs must be known before. `whose` names the budget. */
export function unpricedRefusal(whose: string, provider: string, model: string): RpcError {
  const what = model === '' ? 'what this request costs' : `the price of ${provider}/${model}`;
  const help =
    model === ''
      ? 'set budgets.unpriced = "allow" to let it pass uncounted'
      : `set prices."${provider}/${model}", or budgets.unpriced = "allow" to let it pass uncounted`;
  return apiError(
    'failed_precondition',
    `${what} is not known, so it cannot be held to ${whose}: ${help}`,
    { status: 402, reason: 'price_unknown', unfitting: true, retryable: false },
  );
}

/** A soft budget that is passed, as the header `x-zeke-budget-warning` tells it. */
export function warningOf({ account, amountMicroUsd, limit, window }: BudgetShortfall): string {
  const { limitMicroUsd, period } = limit.budget;
  const soft = `soft budget of ${account.title}`;
  if (!window) {
    return `${soft}: ${dollars(limitMicroUsd)} a request, this one may cost ${dollars(amountMicroUsd)}`;
  }
  const used = window.spentMicroUsd + window.reservedMicroUsd;
  const until = timeText(window.endMs);
  return `${soft}: ${dollars(limitMicroUsd)} a ${period}, ${dollars(used)} spent or held, until ${until}`;
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}
