import type { Exemplar } from './metric-family.ts';

export type AttributeValue = string | number | boolean | readonly string[];

export type SpanKind = 'internal' | 'server' | 'client';

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** The parent: a span of ours, or a W3C `traceparent` header from outside. */
  readonly parent?: Span | string;
  /** Beside a parent from outside: its W3C `tracestate`. */
  readonly tracestate?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** One timed step of a trace. After `end()` every method does nothing. */
export interface Span {
  /** 32 hex digits; the empty string when tracing is off. */
  readonly traceId: string;
  /** For metrics; undefined when the trace is not kept, and attributes are for nobody. */
  readonly exemplar: Exemplar | undefined;
  /** The W3C `traceparent` to send on; undefined when tracing is off. */
  readonly traceparent: string | undefined;
  /** The W3C `tracestate` to send on, as it came; undefined when there is none. */
  readonly tracestate: string | undefined;
  setAttribute(name: string, value: AttributeValue): void;
  /** Names a span that this one has to do with and that is not its parent. */
  link(other: Span): void;
  /**
   * Marks the span failed, with `error.type`: the error's code, else its class. The message is
   * redacted like a log line.
   */
  fail(error: unknown): void;
  /** Ends it now, or at an earlier moment on the monotonic clock (`performance.now()`). */
  end(atMs?: number): void;
}

/** Makes spans. Off, it hands out one shared span that does nothing. */
export interface Tracer extends AsyncDisposable {
  readonly enabled: boolean;
  startSpan(name: string, options?: SpanOptions): Span;
  /** Sends what is waiting; resolves also when the collector does not answer. */
  flush(): Promise<void>;
}

export interface TracerOptions {
  /** The collector's base address; spans go to `<endpoint>/v1/traces`. Without it, tracing is off. */
  readonly endpoint?: string;
  readonly serviceName: string;
  readonly serviceVersion?: string;
  /** Of this process among those of the service. */
  readonly serviceInstanceId?: string;
  /** Of traces that no caller decides about, the share that is kept: 0 to 1. Default 1. */
  readonly sampleRatio?: number;
  /** How long a flush, and the end, wait for a collector that does not answer. Default 2,000. */
  readonly flushLimitMs?: number;
}

const noSpan: Span = {
  traceId: '',
  exemplar: undefined,
  traceparent: undefined,
  tracestate: undefined,
  setAttribute() {},
  link() {},
  fail() {},
  end() {},
};

/** The tracer of who does not trace. */
export const noTracer: Tracer = {
  enabled: false,
  startSpan: () => noSpan,
  flush: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/**
 * Makes the process's tracer: OpenTelemetry, OTLP over HTTP in JSON. The SDK is loaded only when
 * there is an endpoint. Its end sends what is waiting.
 */
export async function createTracer(options: TracerOptions): Promise<Tracer> {
  const { endpoint, ...service } = options;
  if (endpoint === undefined) return noTracer;
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer({ endpoint, ...service });
}
