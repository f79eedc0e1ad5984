import type { StrategyName } from '@zeke/foundation';
import type { JsonObject } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';
import type { Candidate, ModelAlias } from '../routing/model-catalog.ts';
import { type RoutingRequest, readRouting } from '../routing/routing-request.ts';
import type { Exchange } from './exchange.ts';
import { privacyRule } from './privacy-rule.ts';
import type { Services } from './services.ts';
import { takeRouting } from './take-routing.ts';

/** Strategies that ask several at once, which takes answers in words to compare. */
const contests: ReadonlySet<StrategyName> = new Set(['race', 'speculate_k', 'parallel_merge']);

/** What has a meaning for answers in words alone. */
const ofAnswers = {
  k: 'k',
  minUsefulTokens: 'min_useful_tokens',
  upgrade: 'upgrade',
  includeCost: 'include_cost',
  merge: 'merge',
  judge: 'judge',
  mergeWaitMs: 'merge_wait_ms',
  stickiness: 'stickiness',
} as const satisfies Partial<Record<keyof RoutingRequest, string>>;

/** What chooses among candidates, where there is one provider. */
const ofChoice = {
  strategy: 'strategy',
  providers: 'providers',
  weights: 'priority_weights',
  intent: 'intent',
} as const satisfies Partial<Record<keyof RoutingRequest, string>>;

/**
 * Reads what a request says of its routing where its answer is no chat, and takes it out of the body:
 * candidates are asked one after the other then. `what` is what is asked for, for the error.
 * @throws RpcError invalid_argument that names a field which cannot be honoured.
 */
export function takeSequential(
  exchange: Exchange,
  call: { body: JsonObject; text: string },
  what: string,
): RoutingRequest | undefined {
  const routing = readRouting(call.body, exchange.request.headers);
  if (routing === undefined) return undefined;
  refuseFields(routing, ofAnswers, what);
  if (routing.strategy && contests.has(routing.strategy)) {
    throw refusal('strategy', `${what} are asked of one candidate after the other`);
  }
  takeRouting(routing, call, exchange);
  return routing;
}

/** Throws `invalid_argument` for what chooses among candidates, where there is nothing to choose. */
export function refuseChoice(routing: RoutingRequest | undefined): void {
  if (routing) refuseFields(routing, ofChoice, 'requests for one provider');
}

/**
 * The candidates in the order in which they are asked. An alias whose strategy asks several at once is
 * asked the best-ranked first.
 */
export async function inOrder(
  services: Services,
  exchange: Exchange,
  model: string,
  routing: RoutingRequest | undefined,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const { catalog, planner, privacy } = services;
  const alias = sequential(catalog.alias(model));
  if (alias) exchange.strategy = alias.strategy;
  const isPlain = alias === undefined ? candidates.length === 1 : alias.strategy === 'fallback';
  if (routing === undefined && isPlain) return candidates;
  const isLocalOnly = privacyRule(services, exchange) !== undefined;
  const plan = await planner.plan({ model, alias, routing, candidates, privacy, isLocalOnly });
  exchange.strategy = plan.strategy;
  return plan.candidates;
}

function sequential(alias: ModelAlias | undefined): ModelAlias | undefined {
  return alias && contests.has(alias.strategy) ? { ...alias, strategy: 'single' } : alias;
}

function refuseFields(
  routing: RoutingRequest,
  fields: Partial<Record<keyof RoutingRequest, string>>,
  what: string,
): void {
  for (const [key, field] of Object.entries(fields)) {
    if (routing[key as keyof RoutingRequest] === undefined) continue;
    throw refusal(field, `it says nothing of ${what}`);
  }
}

function refusal(field: string, why: string): Error {
  const param = `omen.${field}`;
  return apiError('invalid_argument', `${param}: ${why}`, { param, reason: 'invalid_routing' });
}
