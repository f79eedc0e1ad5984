import {
  type Span as ApiSpan,
  SpanKind as ApiSpanKind,
  type Tracer as ApiTracer,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { RpcError } from '@zeke/rpc';
import type { Exemplar } from './metric-family.ts';
import { redactText } from './redact.ts';
import type {
  AttributeValue,
  Span,
  SpanKind,
  SpanOptions,
  Tracer,
  TracerOptions,
} from './tracer.ts';

const batchDelayMs = 1_000;
const exportTimeoutMs = 10_000;
const defaultFlushLimitMs = 2_000;
const maxWaitingSpans = 8_192;

const kinds: Readonly<Record<SpanKind, ApiSpanKind>> = {
  internal: ApiSpanKind.INTERNAL,
  server: ApiSpanKind.SERVER,
  client: ApiSpanKind.CLIENT,
};

/** The tracer that sends; `tracer.ts` has the contract. Beyond 8,192 waiting spans new ones are lost. */
export function createOtlpTracer(options: TracerOptions & { readonly endpoint: string }): Tracer {
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  });
  const provider = new TracerProvider({
    // What a caller decided holds: https://www.w3.org/TR/trace-context/#sampled-flag
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler(options.sampleRatio ?? 1),
    }),
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      ...(options.serviceVersion === undefined
        ? {}
        : { 'service.version': options.serviceVersion }),
      ...(options.serviceInstanceId === undefined
        ? {}
        : { 'service.instance.id': options.serviceInstanceId }),
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: batchDelayMs,
        exportTimeoutMillis: exportTimeoutMs,
        maxQueueSize: maxWaitingSpans,
      }),
    ],
  });
  return new OtlpTracer(provider, options.flushLimitMs ?? defaultFlushLimitMs);
}

class OtlpTracer implements Tracer {
  readonly enabled = true;
  readonly #provider: TracerProvider;
  readonly #tracer: ApiTracer;
  readonly #flushLimitMs: number;

  constructor(provider: TracerProvider, flushLimitMs: number) {
    this.#provider = provider;
    this.#flushLimitMs = flushLimitMs;
    this.#tracer = provider.getTracer('zeke');
  }

  startSpan(name: string, options: SpanOptions = {}): Span {
    const { kind = 'internal', attributes = {}, parent, tracestate } = options;
    const settings = { kind: kinds[kind], attributes: redactedAttributes(attributes) };
    const context = contextOf(parent, tracestate);
    return new OtlpSpan(this.#tracer.startSpan(name, settings, context));
  }

  async flush(): Promise<void> {
    await this.#patiently(this.#provider.forceFlush());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#patiently(this.#provider.shutdown());
  }

  /** The exporter tries again and again; the end of a process does not wait for that. */
  async #patiently(work: Promise<void>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, this.#flushLimitMs);
    await Promise.race([work.catch(() => {}), limit.promise]);
    clearTimeout(timer);
  }
}

class OtlpSpan implements Span {
  readonly traceId: string;
  readonly exemplar: Exemplar | undefined;
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  readonly #span: ApiSpan;

  constructor(span: ApiSpan) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    this.tracestate = traceState?.serialize() || undefined;
    this.#span = span;
    this.traceId = traceId;
    this.exemplar = span.isRecording() ? { traceId, spanId } : undefined;
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  get context(): SpanContext {
    return this.#span.spanContext();
  }

  setAttribute(name: string, value: AttributeValue): void {
    if (this.exemplar) this.#span.setAttribute(name, redactedAttribute(value));
  }

  link(other: Span): void {
    if (other instanceof OtlpSpan) this.#span.addLink({ context: other.context });
  }

  fail(error: unknown): void {
    const message = redactText(error instanceof Error ? error.message : String(error));
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
    this.#span.setAttribute('error.type', errorType(error));
  }

  end(atMs?: number): void {
    this.#span.end(atMs);
  }
}

function errorType(error: unknown): string {
  if (error instanceof RpcError) return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}

/** Version 00 of https://www.w3.org/TR/trace-context/#traceparent-header; others are read alike. */
const traceparentForm = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/** What is no traceparent, or is all zeros, starts a trace of its own. */
function contextOf(parent: Span | string | undefined, tracestate?: string): Context {
  if (parent instanceof OtlpSpan) return trace.setSpanContext(ROOT_CONTEXT, parent.context);
  const header = typeof parent === 'object' ? parent.traceparent : parent;
  const match = header === undefined ? null : traceparentForm.exec(header);
  const [, traceId = '', spanId = '', flags = ''] = match ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: typeof parent === 'string',
    ...(tracestate ? { traceState: createTraceState(tracestate) } : {}),
  });
}

function redactedAttributes(
  attributes: Readonly<Record<string, AttributeValue>>,
): Record<string, ReturnType<typeof redactedAttribute>> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(entries.map(([name, value]) => [name, redactedAttribute(value)]));
}

function redactedAttribute(value: AttributeValue): string | number | boolean | string[] {
  if (typeof value === 'object') return value.map(redactText);
  return typeof value === 'string' ? redactText(value) : value;
}
