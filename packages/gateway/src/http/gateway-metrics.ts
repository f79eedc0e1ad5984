import type { Metrics } from '@zeke/foundation';
import type { LedgerEntry } from '../governance/ledger.ts';

/** The gateway's Prometheus metrics. */
export interface GatewayMetrics {
  /** At the end of every attempt. */
  attempt(entry: LedgerEntry): void;
  /** At the end of every request, with its endpoint's name and HTTP status. */
  request(endpoint: string, status: number, seconds: number): void;
}

export function createGatewayMetrics(metrics: Metrics): GatewayMetrics {
  const requests = metrics.counter({
    name: 'gateway_requests_total',
    help: 'Requests answered.',
    labels: ['endpoint', 'status'],
  });
  const duration = metrics.histogram({
    name: 'gateway_request_seconds',
    help: 'From a request to the head of its answer.',
    labels: ['endpoint'],
  });
  const attempts = metrics.counter({
    name: 'gateway_attempts_total',
    help: 'Calls to providers.',
    labels: ['provider', 'outcome'],
  });
  const firstToken = metrics.histogram({
    name: 'gateway_first_token_seconds',
    help: 'From a request to the first token of its answer.',
    labels: ['provider'],
  });
  const tokens = metrics.counter({
    name: 'gateway_tokens_total',
    help: 'Tokens used, by direction.',
    labels: ['provider', 'direction'],
  });
  const ofProvider = memo((provider: string) => ({
    outcomes: memo((outcome: string) => attempts.labels(provider, outcome)),
    input: tokens.labels(provider, 'input'),
    output: tokens.labels(provider, 'output'),
    firstToken: firstToken.labels(provider),
  }));
  const ofEndpoint = memo((endpoint: string) => ({
    statuses: memo((status: number) => requests.labels(endpoint, String(status))),
    duration: duration.labels(endpoint),
  }));
  return {
    attempt: ({ provider, outcome, usage, firstTokenMs }) => {
      const metricsOf = ofProvider(provider);
      metricsOf.outcomes(outcome).add(1);
      metricsOf.input.add(usage.input);
      metricsOf.output.add(usage.output);
      if (firstTokenMs !== undefined) metricsOf.firstToken.observe(firstTokenMs / 1_000);
    },
    request: (endpoint, status, seconds) => {
      const metricsOf = ofEndpoint(endpoint);
      metricsOf.statuses(status).add(1);
      metricsOf.duration.observe(seconds);
    },
  };
}

/** For keys of which there are few: names of the configuration, statuses. */
function memo<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
