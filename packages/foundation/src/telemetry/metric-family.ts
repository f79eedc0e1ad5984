/** What an observation belongs to: a span of a trace that is kept. Ids are lower-case hex. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
}

/** The newest observation of a bucket that belongs to a span. */
export interface KeptExemplar extends Exemplar {
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Of a counter or a gauge. Names of labels are as they were given, with dots where they have some. */
export interface NumberPoint {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Of a histogram: `counts` has what was observed in each bucket alone, the last is over every bound. */
export interface HistogramPoint {
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  /** By bucket. */
  readonly exemplars: readonly (KeptExemplar | undefined)[];
}

interface FamilyBase {
  /** As Prometheus has it, a counter's with `_total`. */
  readonly name: string;
  /** As OpenTelemetry has it, where that is another. */
  readonly otel?: { readonly name: string; readonly unit: string | undefined };
  readonly help: string;
  /** The names of its labels, of a histogram without `le`. */
  readonly labels: readonly string[];
}

/** One metric with all its series, as it is now. */
export type MetricFamily = FamilyBase &
  (
    | { readonly type: 'counter' | 'gauge'; readonly points: readonly NumberPoint[] }
    | { readonly type: 'histogram'; readonly points: readonly HistogramPoint[] }
  );
