import type { HistogramPoint, MetricFamily, NumberPoint } from './metric-family.ts';

/**
 * Of gauges, what processes have each for themselves is added up, and of what is good while it is high
 * the least is told; of everything else (delays, states, what is the same for all) the greatest.
 */
const added =
  /_(bytes|entries|length|open_fds|open_requests|open_streams|in_flight|waiting_entries)$/;
const least = /_(up|healthy|start_time_seconds|expiry_timestamp_seconds)$/;

/**
 * The metrics of several processes of one program as those of one: counters and histograms are added
 * up. A histogram whose buckets are others than those of the first is left out.
 */
export function mergeFamilies(all: readonly (readonly MetricFamily[])[]): MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const family of all.flat()) {
    const known = merged.get(family.name);
    merged.set(family.name, known === undefined ? family : merge(known, family));
  }
  return [...merged.values()];
}

function merge(left: MetricFamily, right: MetricFamily): MetricFamily {
  if (left.type === 'histogram') {
    if (right.type !== 'histogram') return left;
    return { ...left, points: byLabels(left.points, right.points, addHistograms) };
  }
  if (right.type === 'histogram') return left;
  const combine = left.type === 'counter' ? add : combineOf(left.name);
  const points = byLabels(left.points, right.points, (one, other) => ({
    labels: one.labels,
    value: combine(one.value, other.value),
  }));
  return { ...left, points } satisfies { points: readonly NumberPoint[] };
}

function combineOf(gauge: string): (left: number, right: number) => number {
  if (added.test(gauge)) return add;
  return least.test(gauge) ? Math.min : Math.max;
}

function add(left: number, right: number): number {
  return left + right;
}

function addHistograms(left: HistogramPoint, right: HistogramPoint): HistogramPoint {
  const isAlike =
    left.bounds.length === right.bounds.length &&
    left.bounds.every((bound, index) => bound === right.bounds[index]);
  if (!isAlike) return left;
  return {
    ...left,
    counts: left.counts.map((count, index) => count + (right.counts[index] ?? 0)),
    sum: left.sum + right.sum,
    exemplars: left.exemplars.map((kept, index) => newest(kept, right.exemplars[index])),
  };
}

type Kept = HistogramPoint['exemplars'][number];

function newest(left: Kept, right: Kept): Kept {
  if (left === undefined || right === undefined) return left ?? right;
  return left.atMs >= right.atMs ? left : right;
}

function byLabels<Point extends { readonly labels: Readonly<Record<string, string>> }>(
  left: readonly Point[],
  right: readonly Point[],
  combine: (left: Point, right: Point) => Point,
): Point[] {
  const points = new Map(left.map((point) => [keyOf(point.labels), point]));
  for (const point of right) {
    const key = keyOf(point.labels);
    const known = points.get(key);
    points.set(key, known === undefined ? point : combine(known, point));
  }
  return [...points.values()];
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));
}
