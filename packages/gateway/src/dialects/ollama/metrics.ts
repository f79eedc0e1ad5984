import { costMember, type Usage } from '../../neutral/usage.ts';
import type { OllamaMetrics } from './types.ts';

const nanosecondsPerMillisecond = 1_000_000;

/**
 * The tokens and times that end an answer: reading the prompt lasts until the first token, writing
 * from there on. Clients divide by the times, so that none of these two is 0.
 */
export function metricsOf(
  usage: Usage | undefined,
  startedAtMs: number,
  firstTokenMs: number | undefined,
): OllamaMetrics {
  const nowMs = Date.now();
  const firstMs = firstTokenMs ?? nowMs;
  const reading = Math.max(1, firstMs - startedAtMs) * nanosecondsPerMillisecond;
  const writing = Math.max(1, nowMs - firstMs) * nanosecondsPerMillisecond;
  return {
    total_duration: reading + writing,
    load_duration: 0,
    prompt_eval_count: usage?.input ?? 0,
    prompt_eval_duration: reading,
    eval_count: usage?.output ?? 0,
    eval_duration: writing,
    ...costMember(usage),
  };
}
