import type { MergePlan } from '../../routing/merge/merge-plan.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { planNeeds } from '../../routing/needs.ts';
import type { Plan } from '../../routing/plan.ts';
import { refuseRemote } from '../../routing/privacy.ts';
import { weightsFor } from '../../routing/rank.ts';
import { type RoutingRequest, readRouting } from '../../routing/routing-request.ts';
import { sessionKey, stickinessOf } from '../../routing/session-key.ts';
import { allowedCandidates } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { type ForeseenGuard, foreseeAttempt, foreseeGuard, foreseeLimits } from '../foresee.ts';
import { judgeCandidates } from '../judge-candidates.ts';
import { privacyRule } from '../privacy-rule.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { takeRouting } from '../take-routing.ts';
import { modelOf } from './chat.ts';
import { figuresOf, scoreOf } from './omen.ts';
import { stateOf } from './rate-limit.ts';

/**
 * `POST /omen/explain`: which plan a request with the model in its body would get, and why; and what
 * limits, budgets, guardrails and policies would say of it. Nobody is asked, nothing is counted, held
 * or spent. What routing would refuse the request for is told in its place.
 */
export async function omenExplain(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog, planner, privacy } = services;
  const given = await readBody(exchange, services);
  const call = { text: given, body: parseJsonObject(given) };
  const model = modelOf(call.body);
  const alias = catalog.alias(model);
  const routing = readRouting(call.body, exchange.request.headers);
  if (routing) takeRouting(routing, call, exchange);
  const rule = privacyRule(services, exchange);
  const found = allowedCandidates(exchange, { model }, await catalog.resolve(model));
  const unsent = { ...call, model };
  const guard = await foreseeGuard(services, exchange, unsent, found);
  const passing = found.filter((candidate) => !guard.refusals.has(candidate));
  // Where none may get it, the plan is the one that it would have had.
  const candidates = passing.length > 0 ? passing : found;
  const needs = planNeeds(call.text, call.body, (candidate) => catalog.told(candidate));
  const plan = await planner.plan({
    ...needs,
    model,
    alias,
    routing,
    candidates,
    session: sessionKey({
      model,
      alias,
      routing,
      caller: exchange.caller,
      headers: exchange.request.headers,
      body: call.body,
    }),
    privacy,
    isLocalOnly: rule !== undefined,
    isDry: true,
  });
  // Where one is local, none that is not is planned.
  const [first] = plan.candidates;
  if (first) refuseRemote(first.provider, rule);
  const judges = plan.merge ? await judgeCandidates(services, exchange, model, plan.merge) : [];
  const limits = await foreseeLimits(services, exchange);
  const attempts = await Promise.all(
    plan.candidates.map((each) => foreseeAttempt(services, exchange, unsent, each)),
  );
  const refusals = plan.candidates.map(
    (each, at) => guard.refusals.get(each) ?? attempts[at]?.refusal,
  );
  return jsonResponse(exchange, {
    model,
    refused: limits.refusal ?? (refusals.includes(undefined) ? null : (refusals[0] ?? null)),
    limits: limits.left.map(stateOf),
    guardrails: guard.report,
    strategy: plan.strategy,
    intent: routing?.intent ?? null,
    weights: plan.scores.length > 0 ? weightsFor(routing?.intent, routing?.weights) : null,
    local_only: rule ?? null,
    stickiness: stickinessOf({ alias, routing }),
    kept_for_session: plan.kept ? nameOf(plan.kept) : null,
    at_once: plan.atOnce,
    stagger_ms: plan.staggerMs,
    min_useful_tokens: plan.atOnce > 1 && !plan.merge ? plan.minUsefulTokens : null,
    merge: plan.merge ? mergeOf(plan.merge, judges) : null,
    candidates: candidatesOf(plan, services, needs.lack).map((each, at) => ({
      ...each,
      may_cost_usd: usd(attempts[at]?.mayCostMicroUsd),
      budget_warning: attempts[at]?.warning ?? null,
      refused: refusals[at] ?? null,
    })),
    left_out: [...leftOut(candidates, plan, routing, rule), ...refusedBy(guard, found, candidates)],
  });
}

/** Who may be asked for the model, but not for this request. */
function leftOut(
  candidates: readonly Candidate[],
  plan: Plan,
  routing: RoutingRequest | undefined,
  rule: string | undefined,
) {
  return candidates
    .filter((candidate) => !plan.candidates.includes(candidate))
    .map(({ model, provider }) => {
      const names = routing?.providers;
      const isNamed =
        !names || names.includes(provider.name) || names.includes(`${provider.name}/${model}`);
      const isKeptHere = `routing.prefer_local_for has ${routing?.intent}`;
      const why = rule ? `${rule} is local_only` : isKeptHere;
      return {
        provider: provider.name,
        model,
        why: isNamed ? `it is not local, and ${why}` : 'omen.providers does not name it',
      };
    });
}

/** Whom a rule keeps the request from, while others may get it. */
function refusedBy(
  { refusals }: ForeseenGuard,
  found: readonly Candidate[],
  candidates: readonly Candidate[],
) {
  return found
    .filter((candidate) => !candidates.includes(candidate))
    .map((candidate) => ({
      provider: candidate.provider.name,
      model: candidate.model,
      why: refusals.get(candidate)?.message ?? '',
    }));
}

function usd(microUsd: number | undefined): number | null {
  return microUsd === undefined ? null : microUsd / 1_000_000;
}

function nameOf({ model, provider }: Candidate): string {
  return `${provider.name}/${model}`;
}

function candidatesOf(
  { atOnce, candidates, scores, staggerMs }: Plan,
  { figures }: Services,
  lack: (candidate: Candidate) => string | undefined,
) {
  return candidates.map((candidate, index) => {
    const { model, provider } = candidate;
    const live = figures.of(provider.name, model);
    const circuit = figures.stateOf({ provider, model });
    return {
      provider: provider.name,
      model,
      local: provider.local,
      lacks: lack(candidate) ?? null,
      asked:
        circuit === 'open' ? 'not now: it failed too often' : whenAsked(index, atOnce, staggerMs),
      score: scoreOf(scores[index]),
      ...figuresOf(live, circuit),
    };
  });
}

function mergeOf({ kind, waitMs }: MergePlan, judges: readonly Candidate[]) {
  return {
    kind,
    judges: judges.map(nameOf),
    wait_ms: waitMs ?? null,
  };
}

function whenAsked(index: number, atOnce: number, staggerMs: number): string {
  if (index === 0) return 'at once';
  if (index >= atOnce) return 'when one before it fails';
  return staggerMs === 0 ? 'at once' : `after ${index * staggerMs} ms`;
}
