import type { Metrics } from '@zeke/foundation';
import type { CompletionOutcome, CompletionSource } from './completion.ts';

/** Seconds; a local answer takes a fraction of a millisecond, a model's up to five seconds. */
const buckets = [
  0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5,
];

/** What is counted of completions. */
export interface CompletionMetrics {
  answered(source: CompletionSource, latencyMs: number, isEmpty: boolean): void;
  outcome(source: CompletionSource, outcome: CompletionOutcome): void;
}

/** Counts in the process's metrics. */
export function completionMetrics(metrics: Metrics): CompletionMetrics {
  const duration = metrics.histogram({
    name: 'completion_duration_seconds',
    help: 'From a request for a completion to its answer, by where that is from.',
    labels: ['source'],
    buckets,
  });
  const empty = metrics.counter({
    name: 'completions_empty_total',
    help: 'Completions that were asked for and had nothing worth showing.',
    labels: ['source'],
  });
  const outcomes = metrics.counter({
    name: 'completion_outcomes_total',
    help: 'What became of completions, as editors told: shown, accepted, rejected.',
    labels: ['source', 'outcome'],
  });
  return {
    answered: (source, latencyMs, isEmpty) => {
      duration.observe(latencyMs / 1_000, source);
      if (isEmpty) empty.add(1, source);
    },
    outcome: (source, outcome) => outcomes.add(1, source, outcome),
  };
}
