import type { Span, Tracer } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import type { Exchange } from '../http/exchange.ts';
import { traceContextOf } from './trace-context.ts';

export interface BeginRequest {
  readonly request: Request;
  /** Of the endpoint, with `*` for its variable parts. */
  readonly route: string;
  readonly path: string;
  readonly requestId: string;
}

/**
 * Begins the server span of a request, in the trace of its caller where it is in one:
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function beginRequestSpan(
  tracer: Tracer,
  { path, request, requestId, route }: BeginRequest,
): Span {
  const { method } = request;
  const context = traceContextOf(request.headers);
  return tracer.startSpan(`${method} ${route}`, {
    kind: 'server',
    ...(context ? { parent: context.traceparent } : {}),
    ...(context?.tracestate ? { tracestate: context.tracestate } : {}),
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'url.path': path,
      'zeke.request.id': requestId,
    },
  });
}

/** What became of a request: the head of its answer, and why it is an error where it is one. */
export interface RequestOutcome {
  readonly status: number;
  readonly error: RpcError | undefined;
}

/**
 * Ends the span, when the last of the request's attempts has ended. By the conventions only a failure
 * of the server's own is one of its span; another is told by an attribute.
 */
export function endRequestSpan(
  span: Span,
  exchange: Exchange | undefined,
  { error, status }: RequestOutcome,
): void {
  span.setAttribute('http.response.status_code', status);
  if (error && status >= 500) span.fail(error);
  else if (error) span.setAttribute('zeke.error.code', error.code);
  const visit = exchange?.visit;
  if (visit === undefined) {
    span.end();
    return;
  }
  visit.onEnd = () => {
    if (exchange) describe(span, exchange);
    span.end();
  };
}

function describe(span: Span, { attempts, requestedModel, strategy }: Exchange): void {
  if (requestedModel !== '') span.setAttribute('zeke.requested_model', requestedModel);
  if (strategy !== undefined) span.setAttribute('zeke.strategy', strategy);
  span.setAttribute('zeke.attempts', attempts);
}
