import type { LimitResult } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import {
  concurrencyRefusal,
  type LimitedSubject,
  requestsRefusal,
  tokensRefusal,
} from './refusals.ts';
import type { Subject } from './subject.ts';
import type { RateName } from './tier-limiters.ts';

/** What a request would take of each rate. */
export type Costs = Readonly<Record<RateName, number>>;

/** What is left to one that is limited, and whether it is enough; what its tier does not limit is absent. */
export interface SubjectLeft {
  readonly subject: LimitedSubject;
  readonly requests?: LimitResult | undefined;
  readonly tokens?: LimitResult | undefined;
  /** Requests that may yet be under way. */
  readonly places?: number;
}

/** By the counts of this process. */
export function leftHere(subject: Subject, costs: Costs): SubjectLeft {
  const { concurrent, requests, tokens } = subject.limiters;
  const places = concurrent?.remaining(subject.key);
  return {
    subject,
    requests: requests?.peek(subject.key, costs.requests),
    tokens: tokens?.peek(subject.key, costs.tokens),
    ...(places === undefined ? {} : { places }),
  };
}

/** How a request that takes so much would be refused; of several refusals the one that holds for longest. */
export function refusalFor(left: readonly SubjectLeft[], costs: Costs): RpcError | undefined {
  const full = left.find(({ places }) => places === 0);
  if (full) return concurrencyRefusal(full.subject);
  let worst: { subject: LimitedSubject; name: RateName; result: LimitResult } | undefined;
  for (const each of left) {
    for (const name of ['requests', 'tokens'] as const) {
      const result = each[name];
      if (!result || result.allowed) continue;
      if (worst && worst.result.retryAfterMs >= result.retryAfterMs) continue;
      worst = { subject: each.subject, name, result };
    }
  }
  if (!worst) return undefined;
  return worst.name === 'requests'
    ? requestsRefusal(worst.subject, worst.result)
    : tokensRefusal(worst.subject, worst.result, costs.tokens);
}
