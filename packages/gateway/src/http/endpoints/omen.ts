import type { BreakerState } from '@zeke/rpc/circuit';
import { apiError } from '../../neutral/api-error.ts';
import type { Checked } from '../../routing/health-checks.ts';
import type { LiveModel } from '../../routing/live-figures.ts';
import type { Probe } from '../../routing/probe-provider.ts';
import type { Score } from '../../routing/rank.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { keysOf } from '../keys-of.ts';
import type { Services } from '../services.ts';

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

/**
 * `GET /omen/providers/scores`: what attempts at models have shown since the start, and what the models
 * are marked with beside each other, for a request without an intent.
 */
export async function omenScores(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog, figures, planner } = services;
  const asked = Array.from(figures.entries(), ([name, live]) => {
    const at = name.indexOf('/');
    const provider = catalog.provider(name.slice(0, at));
    return { name: name.slice(0, at), model: name.slice(at + 1), provider, live };
  });
  const candidates = asked.flatMap(({ model, provider }) => (provider ? { model, provider } : []));
  const scores = (await planner.scores(candidates)).values();
  const data = asked.map(({ live, model, name, provider }) => {
    const circuit = provider ? figures.stateOf({ provider, model }) : live.circuit.state;
    const keys = provider?.accounts && keysOf(provider, figures, model);
    return {
      provider: name,
      model,
      score: scoreOf(provider && scores.next().value),
      ...figuresOf(live, circuit),
      ...(keys ? { keys } : {}),
    };
  });
  return jsonResponse(exchange, { data });
}

/** What attempts at a model have shown, in the words of the API. */
export function figuresOf(live: LiveModel, circuit: BreakerState) {
  return {
    circuit,
    attempts: live.attempts,
    in_flight: live.inFlight,
    error_rate: rounded(live.errorRate),
    first_token_ms: rounded(live.firstTokenMs),
    tokens_per_second: rounded(live.tokensPerSecond),
  };
}

/** What a candidate was marked with; null where it was not. */
export function scoreOf(score: Score | undefined) {
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

/** To three digits after the point. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1_000) / 1_000;
}
