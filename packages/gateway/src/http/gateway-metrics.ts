import type { Exemplar, Metrics } from '@zeke/foundation';
import type { LedgerEntry } from '../governance/ledger.ts';
import type { Provider } from '../providers/provider.ts';
import { createGenAiMetrics } from '../telemetry/gen-ai-metrics.ts';
import { genAiProvider } from '../telemetry/gen-ai-names.ts';
import { lazily, memo } from '../telemetry/memo.ts';
import type { ModelLabels } from '../telemetry/model-labels.ts';

/** What is known of an attempt's time beside its ledger entry, in milliseconds. */
export interface AttemptTimes {
  /** From the request's beginning to the attempt's. */
  readonly beforeMs: number;
  /** For each output token of a stream after the first, on its average; absent where nobody can say. */
  readonly tokenMs: number | undefined;
}

/** The gateway's Prometheus metrics. */
export interface GatewayMetrics {
  /** At the end of every attempt. */
  attempt(
    entry: LedgerEntry,
    provider: Pick<Provider, 'pricing' | 'type'>,
    times: AttemptTimes,
    exemplar: Exemplar | undefined,
  ): void;
  /** When it is known what attempts have cost, in micro-USD. */
  costs(entries: readonly LedgerEntry[], costs: readonly number[]): void;
  /** At the end of every request, with its endpoint's name and HTTP status. */
  request(endpoint: string, status: number, seconds: number, exemplar: Exemplar | undefined): void;
}

export function createGatewayMetrics(metrics: Metrics, models: ModelLabels): GatewayMetrics {
  const made = makeMetrics(metrics);
  const genAi = createGenAiMetrics(metrics);
  const ofProvider = memo((provider: string) => {
    const ofLabel = memo((model: string) => {
      const labels = [provider, model];
      return {
        outcomes: memo((outcome: string) => made.attempts.labels(...labels, outcome)),
        input: made.tokens.labels(...labels, 'input'),
        output: made.tokens.labels(...labels, 'output'),
        cacheRead: lazily(() => made.cached.labels(...labels, 'read')),
        cacheWrite: lazily(() => made.cached.labels(...labels, 'write')),
        reasoning: lazily(() => made.reasoning.labels(...labels)),
        firstToken: lazily(() => made.firstToken.labels(...labels)),
        interToken: lazily(() => made.interToken.labels(...labels)),
        genAi: memo((vendor: string) => genAi(vendor, model)),
      };
    });
    // A model that has a label of its own keeps it.
    const ofModel = new Map<string, ReturnType<typeof ofLabel>>();
    return (model: string, hasAnswered: boolean) => {
      const known = ofModel.get(model);
      if (known) return known;
      const label = models.of(provider, model, hasAnswered);
      const made = ofLabel(label);
      if (label === model) ofModel.set(model, made);
      return made;
    };
  });
  const ofEndpoint = memo((endpoint: string) => ({
    statuses: memo((status: number) => made.requests.labels(endpoint, String(status))),
    duration: made.duration.labels(endpoint),
  }));
  return {
    attempt: (entry, provider, times, exemplar) => {
      const { firstTokenMs, outcome, streamed, usage } = entry;
      const its = ofProvider(entry.provider)(entry.model, outcome === 'ok');
      its.outcomes(outcome).add(1);
      its.input.add(usage.input);
      its.output.add(usage.output);
      if (usage.cachedInput) its.cacheRead().add(usage.cachedInput);
      const written = (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
      if (written > 0) its.cacheWrite().add(written);
      if (usage.reasoning) its.reasoning().add(usage.reasoning);
      if (streamed && firstTokenMs !== undefined) {
        its.firstToken().observe(firstTokenMs / 1_000, exemplar);
        if (times.tokenMs !== undefined) its.interToken().observe(times.tokenMs / 1_000, exemplar);
      }
      its.genAi(genAiProvider(provider))(entry, times, exemplar);
    },
    costs: (entries, costs) => {
      for (const [index, { model, provider }] of entries.entries()) {
        const cost = costs[index] ?? 0;
        if (cost > 0) made.cost.add(cost / 1_000_000, provider, models.of(provider, model, false));
      }
    },
    request: (endpoint, status, seconds, exemplar) => {
      const metricsOf = ofEndpoint(endpoint);
      metricsOf.statuses(status).add(1);
      metricsOf.duration.observe(seconds, exemplar);
    },
  };
}

function makeMetrics(metrics: Metrics) {
  const ofModel = ['provider', 'model'];
  return {
    requests: metrics.counter({
      name: 'gateway_requests_total',
      help: 'Requests answered.',
      labels: ['endpoint', 'status'],
    }),
    duration: metrics.histogram({
      name: 'gateway_request_seconds',
      help: 'Seconds from a request to the head of its answer.',
      labels: ['endpoint'],
    }),
    attempts: metrics.counter({
      name: 'gateway_attempts_total',
      help: 'Calls to providers, by how they ended.',
      labels: [...ofModel, 'outcome'],
    }),
    firstToken: metrics.histogram({
      name: 'gateway_first_token_seconds',
      help: 'Seconds from a call to a provider to the first token of its stream.',
      labels: ofModel,
    }),
    interToken: metrics.histogram({
      name: 'gateway_inter_token_seconds',
      help: 'Seconds between two tokens of a stream, on its average.',
      labels: ofModel,
    }),
    tokens: metrics.counter({
      name: 'gateway_tokens_total',
      help: 'Tokens used, by direction.',
      labels: [...ofModel, 'direction'],
    }),
    cached: metrics.counter({
      name: 'gateway_cached_tokens_total',
      help: "Of the input tokens, those read from a provider's prompt cache or written to it.",
      labels: [...ofModel, 'kind'],
    }),
    reasoning: metrics.counter({
      name: 'gateway_reasoning_tokens_total',
      help: 'Of the output tokens, those spent on reasoning.',
      labels: ofModel,
    }),
    cost: metrics.counter({
      name: 'gateway_cost_usd_total',
      help: 'Cost of attempts in US dollars, counted when they are written to the ledger.',
      labels: ofModel,
    }),
  };
}
