import type { Percentiles, StreamTime } from './load/load-job.ts';
import { percentiles } from './statistics.ts';

/** From a client's leaving to the provider's seeing that, in milliseconds; null where none left. */
export interface CancelTimes extends Percentiles {
  max: number | null;
}

/**
 * Of the streams that clients left, how long each went on at the provider. One that the provider
 * brought to its end, to nobody, counts as infinite.
 */
export function cancelTimes(left: readonly StreamTime[], cut: readonly StreamTime[]): CancelTimes {
  const cutAt = new Map(cut.map(({ number, atMs }) => [number, atMs]));
  const times = left.map(
    ({ number, atMs }) => (cutAt.get(number) ?? Number.POSITIVE_INFINITY) - atMs,
  );
  return { ...percentiles(times), max: times.length === 0 ? null : Math.max(...times) };
}
