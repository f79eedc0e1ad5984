import Registry from 'prom-client/lib/registry.js';
import { expose, type MetricsFormat } from './exposition.ts';
import type { Exemplar, HistogramPoint, KeptExemplar, MetricFamily } from './metric-family.ts';
import type {
  Counter,
  Gauge,
  Histogram,
  HistogramOptions,
  LabelValues,
  MetricOptions,
  Metrics,
  Reading,
} from './metrics.ts';
import { collectProcessMetrics } from './process-metrics.ts';

/** Series of one metric; what is beyond is put together, since label values may come from requests. */
const maxSeries = 2_000;
const overflow = 'other';

/** From 1 ms to 120 s, in seconds. */
const defaultBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];

/** Makes the registry, with the usual metrics of a process when `processMetrics` is not false. */
export function createRegistry(options: { processMetrics?: boolean } = {}): Metrics {
  const ofProcess = new Registry();
  if (options.processMetrics !== false) collectProcessMetrics(ofProcess);
  return new MetricRegistry(ofProcess);
}

/** Keeps our own metrics; the library's keep what is about the process. */
class MetricRegistry implements Metrics {
  readonly #ofProcess: Registry;
  readonly #made = new Map<string, unknown>();
  readonly #families = new Map<string, () => MetricFamily>();

  constructor(ofProcess: Registry) {
    this.#ofProcess = ofProcess;
  }

  counter(options: MetricOptions): Counter {
    return this.#once(options, () => {
      const series = new Series(options.labels, () => new Sum());
      this.#tell(options, (named) => ({ ...named, type: 'counter', points: numbers(series) }));
      return {
        add: (value, ...labels) => series.of(labels).add(value),
        labels: (...labels) => series.of(labels),
      };
    });
  }

  gauge(options: MetricOptions): Gauge {
    return this.#once(options, () => {
      const series = new Series(options.labels, () => new Sum());
      this.#tell(options, (named) => ({ ...named, type: 'gauge', points: numbers(series) }));
      return {
        set: (value, ...labels) => {
          series.of(labels).value = value;
        },
        add: (value, ...labels) => series.of(labels).add(value),
      };
    });
  }

  histogram(options: HistogramOptions): Histogram {
    return this.#once(options, () => {
      const bounds = [...(options.buckets ?? defaultBuckets)];
      const series = new Series(options.labels, () => new Buckets(bounds));
      this.#tell(options, (named) => ({ ...named, type: 'histogram', points: buckets(series) }));
      return {
        observe: (value, ...labels) => series.of(labels).observe(value),
        labels: (...labels) => series.of(labels),
      };
    });
  }

  observed(options: MetricOptions, read: () => Iterable<Reading>): void {
    this.#tell(options, (named) => {
      const series = new Series(options.labels, () => new Sum());
      for (const [value, ...labels] of read()) series.of(labels).value = value;
      return { ...named, type: 'gauge', points: numbers(series) };
    });
  }

  async families(): Promise<MetricFamily[]> {
    const ours = [...this.#families.values()].map((read) => read());
    const ofProcess = await this.#ofProcess.getMetricsAsJSON();
    return [...ofProcess.map(familyOfProcess), ...ours];
  }

  async text(format: MetricsFormat = 'prometheus'): Promise<string> {
    return expose(await this.families(), format);
  }

  #once<T>({ name }: MetricOptions, make: () => T): T {
    const known = this.#made.get(name) as T | undefined;
    if (known !== undefined) return known;
    const made = make();
    this.#made.set(name, made);
    return made;
  }

  #tell(options: MetricOptions, read: (named: Named) => MetricFamily): void {
    const named = namesOf(options);
    this.#families.set(named.name, () => read(named));
  }
}

type Named = Pick<MetricFamily, 'name' | 'otel' | 'help' | 'labels'>;

/** https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ */
function namesOf({ help, labels = [], name, unit }: MetricOptions): Named {
  if (!name.includes('.')) return { name: `zeke_${name}`, help, labels };
  const suffix = unit === 's' ? '_seconds' : '';
  return { name: `${name.replaceAll('.', '_')}${suffix}`, help, labels, otel: { name, unit } };
}

/** Those of the library are counters and gauges alone. */
function familyOfProcess({ help, name, type, values }: ProcessMetric): MetricFamily {
  const points = values.map(({ labels, value }) => ({ labels: textsOf(labels), value }));
  const labels = [...new Set(points.flatMap((point) => Object.keys(point.labels)))];
  return { name, help, labels, type: String(type) === 'counter' ? 'counter' : 'gauge', points };
}

type ProcessMetric = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

function textsOf(labels: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

function numbers(series: Series<Sum>) {
  return [...series.all()].map(([labels, { value }]) => ({ labels, value }));
}

function buckets(series: Series<Buckets>): HistogramPoint[] {
  return [...series.all()].map(([labels, { bounds, counts, exemplars, sum }]) => ({
    labels,
    bounds,
    counts: [...counts],
    sum,
    exemplars: [...exemplars],
  }));
}

type Labels = Record<string, string>;

/** What one metric keeps for each combination of label values. */
class Series<T> {
  readonly #names: readonly string[];
  readonly #make: () => T;
  readonly #known = new Map<string, { labels: Labels; kept: T }>();

  constructor(names: readonly string[] = [], make: () => T) {
    this.#names = names;
    this.#make = make;
    // Without labels there is one series from the beginning, so that a 0 is told.
    if (names.length === 0) this.of([]);
  }

  of(values: LabelValues): T {
    const key = values.join('\u0000');
    const known = this.#known.get(key);
    if (known !== undefined) return known.kept;
    if (values.length !== this.#names.length) {
      throw new Error(
        `the labels are ${this.#names.join(', ')}; ${values.length} values are given`,
      );
    }
    const others = this.#names.map(() => overflow);
    if (this.#known.size >= maxSeries && values.some((value) => value !== overflow)) {
      return this.of(others);
    }
    const labels: Labels = {};
    for (const [index, name] of this.#names.entries()) labels[name] = values[index] ?? '';
    const kept = this.#make();
    this.#known.set(key, { labels, kept });
    return kept;
  }

  *all(): Iterable<[Labels, T]> {
    for (const { labels, kept } of this.#known.values()) yield [labels, kept];
  }
}

class Sum {
  value = 0;

  add(value: number): void {
    this.value += value;
  }
}

class Buckets {
  readonly bounds: readonly number[];
  /** How many were observed in each bucket alone; the last is for what is over every bound. */
  readonly counts: number[];
  readonly exemplars: (KeptExemplar | undefined)[] = [];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number, exemplar?: Exemplar): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    counts[index] = (counts[index] ?? 0) + 1;
    this.sum += value;
    if (exemplar) {
      const { spanId, traceId } = exemplar;
      this.exemplars[index] = { traceId, spanId, value, atMs: Date.now() };
    }
  }
}
