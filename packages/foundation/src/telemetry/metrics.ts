/** Label values, in the order of the label names given when the metric was made. */
export type LabelValues = readonly string[];

/** Counts up only. */
export interface Counter {
  add(value: number, ...labels: LabelValues): void;
  /** The count of these labels, for places where looking it up each time costs too much. */
  labels(...labels: LabelValues): { add(value: number): void };
}

/** Goes up and down. */
export interface Gauge {
  set(value: number, ...labels: LabelValues): void;
  add(value: number, ...labels: LabelValues): void;
}

/** Counts observations in buckets; times are seconds, as Prometheus has them. */
export interface Histogram {
  observe(value: number, ...labels: LabelValues): void;
  /** The buckets of these labels, for places where looking them up each time costs too much. */
  labels(...labels: LabelValues): { observe(value: number): void };
}

export interface MetricOptions {
  /** Without the prefix: `requests_total` becomes `zeke_requests_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending. Default: 1 ms to 120 s. */
  readonly buckets?: readonly number[];
}

/** Prometheus metrics of this process. The same name asked twice gives the same metric. */
export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: HistogramOptions): Histogram;
  /** The body of `GET /metrics`. */
  text(): Promise<string>;
  /** The content type of `text()`. */
  readonly contentType: string;
}

export interface CreateMetricsOptions {
  /** The usual metrics of a process (memory, processor, event loop). Default true. */
  readonly processMetrics?: boolean;
}

/** Makes the metrics of this process. prom-client is loaded here and not before. */
export async function createMetrics(options: CreateMetricsOptions = {}): Promise<Metrics> {
  const { createRegistry } = await import('./prometheus-metrics.ts');
  return createRegistry(options);
}
