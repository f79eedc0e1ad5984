import type { Exemplar, Metrics } from '@zeke/foundation';
import type { LedgerEntry } from '../governance/ledger.ts';
import type { AttemptTimes } from '../http/gateway-metrics.ts';
import { genAiOperation } from './gen-ai-names.ts';
import { lazily, memo } from './memo.ts';

/** As the conventions advise. */
const durationBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const firstTokenBuckets = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
const outputTokenBuckets = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const tokenBuckets = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
  67_108_864,
];

const attributes = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model'];

/** Observes the end of an attempt at one model. */
export type ObserveAttempt = (
  entry: LedgerEntry,
  times: AttemptTimes,
  exemplar: Exemplar | undefined,
) => void;

/**
 * The metrics of OpenTelemetry's conventions for generative AI (`gen-ai-names.ts` says which): those
 * of a client for every attempt, and those of a server for good answers. Times for each
 * chunk are left out, as they would cost every chunk.
 * https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-metrics.md
 */
export function createGenAiMetrics(
  metrics: Metrics,
): (provider: string, model: string) => ObserveAttempt {
  const { answered, duration, firstChunk, firstToken, outputToken, usage } = histograms(metrics);
  return (provider, model) => {
    const ofOperation = memo((operation: string) => {
      const labels = [operation, provider, model];
      return {
        input: lazily(() => usage.labels(...labels, 'input')),
        output: lazily(() => usage.labels(...labels, 'output')),
        ended: lazily(() => duration.labels(...labels, '')),
        failed: (errorType: string) => duration.labels(...labels, errorType),
        answered: lazily(() => answered.labels(...labels)),
        firstChunk: lazily(() => firstChunk.labels(...labels)),
        firstToken: lazily(() => firstToken.labels(...labels)),
        outputToken: lazily(() => outputToken.labels(...labels)),
      };
    });
    return (entry, times, exemplar) => {
      const series = ofOperation(genAiOperation(entry.operation, entry.providerDialect));
      const { errorCode, firstTokenMs, latencyMs, metered, streamed } = entry;
      const ended = errorCode === undefined ? series.ended() : series.failed(errorCode);
      ended.observe(latencyMs / 1_000, exemplar);
      if (metered && errorCode === undefined) {
        series.input().observe(entry.usage.input, exemplar);
        series.output().observe(entry.usage.output, exemplar);
      }
      if (entry.outcome === 'ok' && entry.operation !== 'judge') {
        series.answered().observe((times.beforeMs + latencyMs) / 1_000, exemplar);
      }
      if (!streamed || firstTokenMs === undefined) return;
      series.firstChunk().observe(firstTokenMs / 1_000, exemplar);
      if (entry.outcome !== 'ok') return;
      series.firstToken().observe((times.beforeMs + firstTokenMs) / 1_000, exemplar);
      if (times.tokenMs !== undefined)
        series.outputToken().observe(times.tokenMs / 1_000, exemplar);
    };
  };
}

function histograms(metrics: Metrics) {
  return {
    usage: metrics.histogram({
      name: 'gen_ai.client.token.usage',
      unit: '{token}',
      help: 'Tokens that an attempt at a provider has used, by direction.',
      labels: [...attributes, 'gen_ai.token.type'],
      buckets: tokenBuckets,
    }),
    duration: metrics.histogram({
      name: 'gen_ai.client.operation.duration',
      unit: 's',
      help: 'Seconds that an attempt at a provider took, from its beginning to its last byte.',
      labels: [...attributes, 'error.type'],
      buckets: durationBuckets,
    }),
    answered: metrics.histogram({
      name: 'gen_ai.server.request.duration',
      unit: 's',
      help: 'Seconds from a request to the last byte of an answer that a provider gave to it.',
      labels: attributes,
      buckets: durationBuckets,
    }),
    firstChunk: metrics.histogram({
      name: 'gen_ai.client.operation.time_to_first_chunk',
      unit: 's',
      help: "Seconds from an attempt's beginning to the first token of its stream.",
      labels: attributes,
      buckets: firstTokenBuckets,
    }),
    firstToken: metrics.histogram({
      name: 'gen_ai.server.time_to_first_token',
      unit: 's',
      help: 'Seconds from a request to the first token of its stream, with all waits before.',
      labels: attributes,
      buckets: firstTokenBuckets,
    }),
    outputToken: metrics.histogram({
      name: 'gen_ai.server.time_per_output_token',
      unit: 's',
      help: 'Seconds for each output token of a stream after the first, on its average.',
      labels: attributes,
      buckets: outputTokenBuckets,
    }),
  };
}
