import type { MetricsFormat } from './exposition.ts';
import type { Exemplar, MetricFamily } from './metric-family.ts';
import type { MetricsExportOptions } from './otlp-metrics.ts';

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
  /**
   * The buckets of these labels, for places where looking them up each time costs too much. An
   * observation with an exemplar takes the place of its bucket's last.
   */
  labels(...labels: LabelValues): { observe(value: number, exemplar?: Exemplar): void };
}

/** A value of a gauge with its labels, in the order of the label names. */
export type Reading = readonly [value: number, ...labels: string[]];

export interface MetricOptions {
  /**
   * Without the prefix: `requests_total` becomes `zeke_requests_total`. A name with dots is one of
   * OpenTelemetry's conventions: Prometheus is told it with its unit and without a prefix,
   * `gen_ai.client.operation.duration` as `gen_ai_client_operation_duration_seconds`.
   */
  readonly name: string;
  /** Of a name with dots: seconds, or what is counted, such as `{token}`. */
  readonly unit?: 's' | `{${string}}`;
  readonly help: string;
  /** Dots in a label's name are told to Prometheus as `_`. */
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
  /** A gauge that is read whenever somebody looks. Named again, the newer way to read it holds. */
  observed(options: MetricOptions, read: () => Iterable<Reading>): void;
  /** All metrics as they are now. */
  families(): Promise<MetricFamily[]>;
  /** The body of `GET /metrics`, by default in Prometheus' own format. */
  text(format?: MetricsFormat): Promise<string>;
}

export interface CreateMetricsOptions {
  /** The usual metrics of a process (memory, processor, event loop). Default true. */
  readonly processMetrics?: boolean;
}

/** Makes the metrics of this process. prom-client is loaded here and not before. */
export async function createMetrics(options: CreateMetricsOptions = {}): Promise<Metrics> {
  const { createRegistry } = await import('./registry.ts');
  return createRegistry(options);
}

/** The same as `MetricsExportOptions`, where there may be nobody to send metrics to. */
export type StartMetricsExportOptions = Omit<MetricsExportOptions, 'endpoint' | 'intervalMs'> &
  Partial<Pick<MetricsExportOptions, 'endpoint' | 'intervalMs'>>;

/**
 * Begins to send metrics to a collector, where there is one and an interval. What does so is loaded
 * here and not before. Its end sends them once more.
 */
export async function startMetricsExport(
  options: StartMetricsExportOptions,
): Promise<AsyncDisposable | undefined> {
  const { endpoint, intervalMs } = options;
  if (endpoint === undefined || intervalMs === undefined) return undefined;
  const { MetricsExport } = await import('./otlp-metrics.ts');
  return new MetricsExport({ ...options, endpoint, intervalMs });
}
