import type { HistogramPoint, KeptExemplar, MetricFamily } from './metric-family.ts';
import type { Metrics } from './metrics.ts';

/** Of the process that tells, for `resource`. */
interface MetricsResource {
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Of this process among those of the service. */
  readonly serviceInstanceId: string;
}

export interface MetricsExportOptions extends MetricsResource {
  readonly metrics: Pick<Metrics, 'families'>;
  /** The collector's base address; metrics go to `<endpoint>/v1/metrics`. */
  readonly endpoint: string;
  /** How often, in milliseconds. */
  readonly intervalMs: number;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called at the first failure after a success, with why. */
  readonly onFailure: (reason: unknown) => void;
}

/** How long a collector may take. */
const exportTimeoutMs = 10_000;
/** How long the end waits for a collector that does not answer. */
const lastExportMs = 2_000;

/**
 * Sends all metrics to an OpenTelemetry collector every now and then, and once more at its end:
 * OTLP over HTTP in JSON, sums since the start. What a collector does not take is in the next sums.
 */
export class MetricsExport implements AsyncDisposable {
  readonly #options: MetricsExportOptions;
  readonly #startedAtMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #running: Promise<void> | undefined;
  #fails = false;

  constructor(options: MetricsExportOptions) {
    this.#options = options;
    this.#startedAtMs = options.now();
    this.#timer = setInterval(() => void this.send(), options.intervalMs);
    this.#timer.unref();
  }

  /** Sends now, or waits for what is being sent. Never rejects. */
  send(limitMs = exportTimeoutMs): Promise<void> {
    this.#running ??= this.#send(limitMs).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.send(lastExportMs);
  }

  async #send(limitMs: number): Promise<void> {
    const { endpoint, fetch: send, metrics, now, onFailure } = this.#options;
    try {
      const time = { startedAtMs: this.#startedAtMs, nowMs: now() };
      const body = JSON.stringify(otlpRequest(await metrics.families(), this.#options, time));
      const response = await send(`${endpoint.replace(/\/+$/, '')}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(limitMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the collector answered ${response.status}`);
      this.#fails = false;
    } catch (reason) {
      if (!this.#fails) onFailure(reason);
      this.#fails = true;
    }
  }
}

interface Time {
  readonly startedAtMs: number;
  readonly nowMs: number;
}

const cumulative = 2;

/** https://github.com/open-telemetry/opentelemetry-proto, `ExportMetricsServiceRequest` in JSON. */
function otlpRequest(
  families: readonly MetricFamily[],
  { serviceInstanceId, serviceName, serviceVersion }: MetricsResource,
  time: Time,
): object {
  const resource = {
    'service.name': serviceName,
    'service.version': serviceVersion,
    'service.instance.id': serviceInstanceId,
  };
  const scopeMetrics = [
    { scope: { name: 'zeke' }, metrics: families.map((family) => metricOf(family, time)) },
  ];
  return { resourceMetrics: [{ resource: { attributes: attributesOf(resource) }, scopeMetrics }] };
}

function metricOf(family: MetricFamily, { nowMs, startedAtMs }: Time): object {
  const { help: description, otel } = family;
  const named = otel
    ? { name: otel.name, description, ...(otel.unit ? { unit: otel.unit } : {}) }
    : { name: family.name, description };
  const times = { startTimeUnixNano: nanoseconds(startedAtMs), timeUnixNano: nanoseconds(nowMs) };
  if (family.type === 'histogram') {
    const dataPoints = family.points.map((point) => ({ ...times, ...histogramPoint(point) }));
    return { ...named, histogram: { dataPoints, aggregationTemporality: cumulative } };
  }
  const dataPoints = family.points.map(({ labels, value }) => ({
    ...times,
    attributes: attributesOf(labels),
    asDouble: value,
  }));
  if (family.type === 'gauge') return { ...named, gauge: { dataPoints } };
  return { ...named, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } };
}

function histogramPoint({ bounds, counts, exemplars, labels, sum }: HistogramPoint): object {
  const count = counts.reduce((total, own) => total + own, 0);
  const kept = exemplars.filter((each) => each !== undefined);
  return {
    attributes: attributesOf(labels),
    count: String(count),
    sum,
    bucketCounts: counts.map(String),
    explicitBounds: bounds,
    ...(kept.length > 0 ? { exemplars: kept.map(exemplarOf) } : {}),
  };
}

function exemplarOf({ atMs, spanId, traceId, value }: KeptExemplar): object {
  return { timeUnixNano: nanoseconds(atMs), asDouble: value, traceId, spanId };
}

function attributesOf(labels: Readonly<Record<string, string>>): object[] {
  const entries = Object.entries(labels).filter(([, value]) => value !== '');
  return entries.map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** Of milliseconds, as the text that JSON has for 64-bit numbers. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`;
}
