import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  Peer,
  ServerCall,
  Trailer,
  Transport,
} from '../../core/call.ts';
import { CallKey, setCallValue } from '../../core/call-values.ts';
import type { MethodInfo, ServiceType } from '../../core/method.ts';
import { WatchedClientCall, WatchedServerCall } from '../../core/watched-call.ts';
import type { Code, RpcError } from '../../rpc-error.ts';
import { metadataGetter, metadataSetter, w3cPropagator } from './w3c-context.ts';

/*
 * Source: OpenTelemetry semantic conventions for RPC and for gRPC (release candidate of 2026),
 * https://opentelemetry.io/docs/specs/semconv/rpc/.
 */

export interface TracingOptions {
  /** Default: of the global provider, under the name `zrpc`. */
  readonly tracer?: Tracer;
  /** Default: W3C trace context and baggage. */
  readonly propagator?: TextMapPropagator;
  /** `rpc.system.name`: default `grpc`, whose codes and semantics all transports have. */
  readonly system?: string;
}

export interface ServerTracingOptions extends TracingOptions {
  /** The services that are served: calls of other methods are all named `_OTHER`. */
  readonly services: readonly ServiceType[];
  /** `server.address` and `server.port`, as clients know them. */
  readonly server?: { readonly address: string; readonly port?: number };
}

export interface ClientTracingOptions extends TracingOptions {
  /** `server.address` and `server.port` of where the calls go. */
  readonly server?: { readonly address: string; readonly port?: number };
}

/** The context of a call's span, where a handler reads it: `context.value(traceContextKey)`. */
export const traceContextKey: CallKey<Context> = new CallKey('trace context');

/**
 * A server interceptor that makes a span of each call, below the caller's. The span is the active
 * one for the handler where a context manager is registered.
 */
export function tracingServer(options: ServerTracingOptions): (next: CallHandler) => CallHandler {
  const tracer = options.tracer ?? trace.getTracer('zrpc');
  const { propagator = w3cPropagator, system = 'grpc' } = options;
  const fixed = { 'rpc.system.name': system, ...serverAttributes(options.server) };
  const known = new Map<string, Attributes>();
  for (const service of options.services) {
    for (const { path } of Object.values(service.methods)) {
      known.set(path, { ...fixed, 'rpc.method': path.slice(1) });
    }
  }
  const other = { ...fixed, 'rpc.method': '_OTHER' };
  return (next) => (call: ServerCall) => {
    const parent = propagator.extract(ROOT_CONTEXT, call.metadata, metadataGetter);
    const method = known.get(call.path);
    const name = method === undefined ? system : call.path.slice(1);
    const attributes = { ...(method ?? other), ...attributesOf(call.peer) };
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    const within = trace.setSpan(parent, span);
    setCallValue(call, traceContextKey, within);
    context.with(within, next, undefined, new TracedServerCall(call, span, within));
  };
}

/**
 * A client interceptor that makes a span of each call and sends its context on. The span is below
 * the one that the call's metadata names (`traceMetadata`), else below that of its `parent`, else below
 * the active one.
 */
export function tracingClient(options: ClientTracingOptions = {}): (next: Transport) => Transport {
  const tracer = options.tracer ?? trace.getTracer('zrpc');
  const { propagator = w3cPropagator, system = 'grpc' } = options;
  const fixed = { 'rpc.system.name': system, ...serverAttributes(options.server) };
  return (next) => ({
    open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
      const around = opened.parent?.value(traceContextKey) ?? context.active();
      const parent = propagator.extract(around, opened.metadata, metadataGetter);
      const name = method.path.slice(1);
      const attributes = { ...fixed, 'rpc.method': name };
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
      const metadata = opened.metadata.clone();
      propagator.inject(trace.setSpan(parent, span), metadata, metadataSetter);
      return new TracedClientCall(sink, span).open(next, method, { ...opened, metadata });
    },
    close: () => next.close(),
  });
}

class TracedServerCall extends WatchedServerCall {
  readonly #span: Span;
  readonly #within: Context;

  constructor(call: ServerCall, span: Span, within: Context) {
    super(call);
    this.#span = span;
    this.#within = within;
  }

  override onMessage(bytes: Uint8Array): void {
    context.with(this.#within, super.onMessage, this, bytes);
  }

  override onHalfClose(): void {
    context.with(this.#within, super.onHalfClose, this);
  }

  protected override ended(error: RpcError | undefined): void {
    endSpan(this.#span, error, error !== undefined && serverFaults.has(error.code));
  }
}

class TracedClientCall extends WatchedClientCall {
  readonly #span: Span;

  constructor(sink: ClientSink, span: Span) {
    super(sink);
    this.#span = span;
  }

  protected override ended({ error }: Trailer): void {
    endSpan(this.#span, error, error !== undefined);
  }
}

/** The codes that are the server's fault; to a client all but OK are errors. */
const serverFaults: ReadonlySet<Code> = new Set([
  'unknown',
  'deadline_exceeded',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
]);

function endSpan(span: Span, error: RpcError | undefined, failed: boolean): void {
  const status = error === undefined ? 'OK' : statusName(error.code);
  span.setAttribute('rpc.response.status_code', status);
  if (failed) {
    span.setAttribute('error.type', status);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? '' });
  }
  span.end();
}

/** gRPC's name of a code; it spells one of them with two l. */
function statusName(code: Code): string {
  return code === 'canceled' ? 'CANCELLED' : code.toUpperCase();
}

function serverAttributes(server: ServerTracingOptions['server']): Attributes {
  if (server === undefined) return {};
  const { address, port } = server;
  return { 'server.address': address, ...(port === undefined ? {} : { 'server.port': port }) };
}

/** `network.transport` by the name of ours; what is not here has none that the conventions know. */
const networkTransports: Readonly<Record<string, string>> = {
  unix: 'unix',
  websocket: 'tcp',
  http2: 'tcp',
  http: 'tcp',
  quic: 'quic',
};

const attributesByPeer = new WeakMap<Peer, Attributes>();

/** Made once a connection. */
function attributesOf(peer: Peer): Attributes {
  let attributes = attributesByPeer.get(peer);
  if (attributes === undefined) {
    attributes = peerAttributes(peer);
    attributesByPeer.set(peer, attributes);
  }
  return attributes;
}

function peerAttributes({ address, transport }: Peer): Attributes {
  const attributes: Attributes = {};
  const network = networkTransports[transport];
  if (network !== undefined) attributes['network.transport'] = network;
  const colon = address.lastIndexOf(':');
  const port = address.slice(colon + 1);
  if (/^\d{1,5}$/.test(port)) {
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    attributes['client.address'] = host;
    attributes['client.port'] = Number(port);
    attributes['network.peer.address'] = host;
    attributes['network.peer.port'] = Number(port);
  } else {
    attributes['client.address'] = address.replace(/^unix:/, '');
  }
  return attributes;
}
