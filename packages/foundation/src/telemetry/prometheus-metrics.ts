import type { Metric } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type {
  Counter as CounterContract,
  Gauge as GaugeContract,
  Histogram as HistogramContract,
  HistogramOptions,
  LabelValues,
  MetricOptions,
  Metrics,
} from './metrics.ts';
import { collectProcessMetrics } from './process-metrics.ts';

/** Label values may come from requests; what is beyond so many series of one metric is put together. */
const maxSeries = 2_000;
const overflow = 'other';

/** From 1 ms to 120 s, in seconds. */
const defaultBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];

/** Makes the registry, with the usual metrics of a process when `processMetrics` is not false. */
export function createRegistry(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics !== false) collectProcessMetrics(registry);
  return new PrometheusMetrics(registry);
}

class PrometheusMetrics implements Metrics {
  readonly contentType: string;
  readonly #registry: Registry;
  readonly #made = new Map<string, unknown>();

  constructor(registry: Registry) {
    this.#registry = registry;
    this.contentType = registry.contentType;
  }

  counter(options: MetricOptions): CounterContract {
    return this.#once(options.name, () => {
      const series = new Series(options.labels, () => new Sum());
      // Sums are kept here until somebody looks: the library hashes its labels with every count.
      new Counter({
        ...this.#configuration(options),
        collect() {
          for (const [labels, sum] of series.all()) this.inc(labels, sum.take());
        },
      });
      return {
        add: (value, ...labels) => series.of(labels).add(value),
        labels: (...labels) => series.of(labels),
      };
    });
  }

  gauge(options: MetricOptions): GaugeContract {
    return this.#once(options.name, () => {
      const gauge = new Gauge(this.#configuration(options));
      const series = new Series(options.labels, (labels) => labels);
      return {
        set: (value, ...labels) => gauge.set(series.of(labels), value),
        add: (value, ...labels) => gauge.inc(series.of(labels), value),
      };
    });
  }

  histogram(options: HistogramOptions): HistogramContract {
    return this.#once(options.name, () => {
      const bounds = [...(options.buckets ?? defaultBuckets)];
      const series = new Series(options.labels, () => new Buckets(bounds));
      const { name, help } = this.#configuration(options);
      // The library's own histogram hashes its labels with every observation, and takes no sums.
      const metric = {
        name,
        help,
        get: () => ({ name, help, type: 'histogram', values: bucketValues(name, series) }),
      };
      this.#registry.registerMetric(metric as unknown as Metric);
      return {
        observe: (value, ...labels) => series.of(labels).observe(value),
        labels: (...labels) => series.of(labels),
      };
    });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #once<T>(name: string, make: () => T): T {
    const known = this.#made.get(name) as T | undefined;
    if (known !== undefined) return known;
    const made = make();
    this.#made.set(name, made);
    return made;
  }

  #configuration({ name, help, labels = [] }: MetricOptions) {
    return { name: `zeke_${name}`, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

type Labels = Record<string, string>;

/** What one metric keeps for each combination of label values. */
class Series<T> {
  readonly #names: readonly string[];
  readonly #make: (labels: Labels) => T;
  readonly #known = new Map<string, { labels: Labels; kept: T }>();

  constructor(names: readonly string[] = [], make: (labels: Labels) => T) {
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
    const kept = this.#make(labels);
    this.#known.set(key, { labels, kept });
    return kept;
  }

  *all(): Iterable<[Labels, T]> {
    for (const { labels, kept } of this.#known.values()) yield [labels, kept];
  }
}

class Sum {
  #sum = 0;

  add(value: number): void {
    this.#sum += value;
  }

  take(): number {
    const sum = this.#sum;
    this.#sum = 0;
    return sum;
  }
}

class Buckets {
  readonly bounds: readonly number[];
  /** How many were observed in each bucket alone; the last is for what is over every bound. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    counts[index] = (counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

/** In the library's form: https://prometheus.io/docs/concepts/metric_types/#histogram */
function bucketValues(name: string, series: Series<Buckets>) {
  return [...series.all()].flatMap(([labels, { bounds, counts, sum }]) => {
    let count = 0;
    const buckets = counts.map((own, index) => {
      count += own;
      const le = bounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
}
