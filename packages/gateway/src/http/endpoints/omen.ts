import type { BreakerState } from '@zeke/rpc/circuit';
import { apiError } from '../../neutral/api-error.ts';
import type { Checked } from '../../routing/health-checks.ts';
import type { LiveModel } from '../../routing/live-figures.ts';
import type { MergePlan } from '../../routing/merge/merge-plan.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { planNeeds } from '../../routing/needs.ts';
import type { Plan } from '../../routing/plan.ts';
import type { Probe } from '../../routing/probe-provider.ts';
import type { Score } from '../../routing/rank.ts';
import { readRouting } from '../../routing/routing-request.ts';
import { allowedCandidates } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { judgeCandidates } from '../judge-candidates.ts';
import { keysOf } from '../keys-of.ts';
import { privacyRule } from '../privacy-rule.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { modelOf } from './chat.ts';

/** How long a provider may take to say that it is there, in milliseconds. */
const probeTimeoutMs = 10_000;

/** `GET /omen/providers`: what is configured and found. Nobody is asked. */
export async function omenProviders(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog, figures, health } = services;
  const data = catalog.providers.map((provider) => {
    const { dialects, local, name, type } = provider;
    const keys = provider.accounts ? { keys: keysOf(provider, figures) } : {};
    const last = health.last(name);
    return { name, type, local, dialects, ...keys, last_check: last ? checkOf(last) : null };
  });
  return jsonResponse(exchange, { data });
}

/** `GET /omen/providers/{name}/health`: asks the provider for its models now; 503 where it fails. */
export async function omenProviderHealth(
  services: Services,
  exchange: Exchange,
  name: string,
): Promise<Response> {
  const { catalog } = services;
  const provider = catalog.provider(name);
  if (!provider) {
    const known = catalog.providers.map((each) => each.name).join(', ') || 'none';
    throw apiError('not_found', `there is no provider ${name.slice(0, 200)}: there are ${known}`, {
      reason: 'provider_not_found',
    });
  }
  const signal = AbortSignal.any([exchange.request.signal, AbortSignal.timeout(probeTimeoutMs)]);
  const { health } = services;
  const before = health.last(name);
  const probe = await health.check(provider, catalog, signal);
  const body = {
    provider: name,
    ...probeOf(probe),
    last_check: before ? checkOf(before) : null,
    ...(provider.accounts ? { keys: keysOf(provider, services.figures) } : {}),
  };
  return jsonResponse(exchange, body, { status: probe.ok ? 200 : 503 });
}

function probeOf(probe: Probe) {
  if (probe.ok) return { status: 'healthy', latency_ms: probe.latencyMs, models: probe.models };
  const { code, message } = probe.error;
  return { status: 'unhealthy', error: { code, message } };
}

function checkOf({ atMs, probe }: Checked) {
  return { checked_at: new Date(atMs).toISOString(), ...probeOf(probe) };
}

/** `GET /omen/providers/scores`: what attempts at models have shown since the start. */
export async function omenScores(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog, figures } = services;
  const data = Array.from(figures.entries(), ([name, live]) => {
    const at = name.indexOf('/');
    const model = name.slice(at + 1);
    const provider = catalog.provider(name.slice(0, at));
    const circuit = provider ? figures.stateOf({ provider, model }) : live.circuit.state;
    const keys = provider?.accounts && keysOf(provider, figures, model);
    return {
      provider: name.slice(0, at),
      model,
      ...figuresOf(live, circuit),
      ...(keys ? { keys } : {}),
    };
  });
  return jsonResponse(exchange, { data });
}

/**
 * `POST /omen/explain`: which plan a request with the model in its body would get, and why. Nobody
 * is asked and nothing is counted.
 */
export async function omenExplain(services: Services, exchange: Exchange): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  const model = modelOf(body);
  const routing = readRouting(body, exchange.request.headers);
  if (routing?.privacy === 'local_only') exchange.localOnly = true;
  const rule = privacyRule(services, exchange);
  const found = await services.catalog.resolve(model);
  const { catalog } = services;
  const needs = planNeeds(text, body, (candidate) => catalog.told(candidate));
  const plan = await services.planner.plan({
    ...needs,
    model,
    alias: services.catalog.alias(model),
    routing,
    candidates: allowedCandidates(exchange, { model }, found),
    privacy: services.privacy,
    isLocalOnly: rule !== undefined,
    isDry: true,
  });
  const judges = plan.merge ? await judgeCandidates(services, exchange, model, plan.merge) : [];
  return jsonResponse(exchange, {
    model,
    strategy: plan.strategy,
    intent: routing?.intent ?? null,
    local_only: rule ?? null,
    at_once: plan.atOnce,
    stagger_ms: plan.staggerMs,
    min_useful_tokens: plan.atOnce > 1 && !plan.merge ? plan.minUsefulTokens : null,
    merge: plan.merge ? mergeOf(plan.merge, judges) : null,
    candidates: candidatesOf(plan, services, needs.lack),
  });
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
    judges: judges.map(({ model, provider }) => `${provider.name}/${model}`),
    wait_ms: waitMs ?? null,
  };
}

function whenAsked(index: number, atOnce: number, staggerMs: number): string {
  if (index === 0) return 'at once';
  if (index >= atOnce) return 'when one before it fails';
  return staggerMs === 0 ? 'at once' : `after ${index * staggerMs} ms`;
}

function figuresOf(live: LiveModel, circuit: BreakerState) {
  return {
    circuit,
    attempts: live.attempts,
    in_flight: live.inFlight,
    error_rate: rounded(live.errorRate),
    first_token_ms: rounded(live.firstTokenMs),
    tokens_per_second: rounded(live.tokensPerSecond),
  };
}

function scoreOf(score: Score | undefined) {
  if (score === undefined) return null;
  const { cost, latency, loadPenalty, quality, reliability, total } = score;
  return {
    total: rounded(total),
    cost: rounded(cost),
    latency: rounded(latency),
    quality: rounded(quality),
    reliability: rounded(reliability),
    load_penalty: rounded(loadPenalty),
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1_000) / 1_000;
}
