import { createTracer, type Tracer } from '@zeke/foundation';

/** A span as it was exported: attributes by name, ids of its own and of its parent. */
export interface CollectedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  /** As OpenTelemetry numbers them: 2 server, 3 client. */
  kind: number;
  /** True when its status is an error. */
  failed: boolean;
  attributes: Record<string, unknown>;
  /** Ids of the spans that it names. */
  links: string[];
  startedNs: bigint;
  endedNs: bigint;
}

/** A collector on loopback that takes traces as OTLP in JSON, and a tracer that sends it all of them. */
export interface SpanCollector extends AsyncDisposable {
  tracer: Tracer;
  /** All spans so far: parents before their children, and those in the order of their attempts. */
  spans(): Promise<CollectedSpan[]>;
}

export async function spanCollector(): Promise<SpanCollector> {
  const spans: CollectedSpan[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { resourceSpans } = (await request.json()) as ExportedTraces;
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans.map(collected));
      }
      return Response.json({});
    },
  });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const tracer = await createTracer({ endpoint, serviceName: 'zeke-test' });
  return {
    tracer,
    spans: async () => {
      await tracer.flush();
      return inOrder(spans);
    },
    [Symbol.asyncDispose]: async () => {
      await tracer[Symbol.asyncDispose]();
      await server.stop(true);
    },
  };
}

/** Beginnings are told to the millisecond only, so they alone give no order. */
function inOrder(spans: readonly CollectedSpan[]): CollectedSpan[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const isRoot = ({ parentSpanId = '' }: CollectedSpan) => !known.has(parentSpanId);
  const attempt = ({ attributes }: CollectedSpan) => Number(attributes['zeke.attempt'] ?? 0);
  const byBegin = (left: CollectedSpan, right: CollectedSpan) =>
    Number(left.startedNs - right.startedNs) || attempt(left) - attempt(right);
  return spans
    .filter(isRoot)
    .toSorted(byBegin)
    .flatMap((root) => [
      root,
      ...spans.filter(({ parentSpanId }) => parentSpanId === root.spanId).toSorted(byBegin),
    ]);
}

interface ExportedTraces {
  resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
}

interface ExportedSpan
  extends Pick<CollectedSpan, 'kind' | 'name' | 'parentSpanId' | 'spanId' | 'traceId'> {
  status?: { code?: number };
  attributes: { key: string; value: ExportedValue }[];
  links?: { spanId: string }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

interface ExportedValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: number | string;
  doubleValue?: number;
  arrayValue?: { values: ExportedValue[] };
}

function collected({ attributes, links = [], status, ...span }: ExportedSpan): CollectedSpan {
  const { endTimeUnixNano, startTimeUnixNano, ...ids } = span;
  return {
    ...ids,
    failed: status?.code === 2,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, valueOfAny(value)])),
    links: links.map(({ spanId }) => spanId),
    startedNs: BigInt(startTimeUnixNano),
    endedNs: BigInt(endTimeUnixNano),
  };
}

function valueOfAny(value: ExportedValue): unknown {
  const { arrayValue, boolValue, doubleValue, intValue, stringValue } = value;
  if (arrayValue) return arrayValue.values.map(valueOfAny);
  return stringValue ?? boolValue ?? doubleValue ?? Number(intValue);
}
