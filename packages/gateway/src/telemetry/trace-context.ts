import type { Span } from '@zeke/foundation';
import type { Provider } from '../providers/provider.ts';

/** Version 00 has four parts; later ones may have more: https://www.w3.org/TR/trace-context/ */
const traceparentForm = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(?:-[\w-]{1,100})?$/;
/** More than this nobody has to send on, in characters. */
const maxStateChars = 512;

/** The W3C trace context of a request; absent where a caller has none. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** What a caller says of its trace; what has not the form is none. Baggage is not looked at. */
export function traceContextOf(headers: Headers): TraceContext | undefined {
  const traceparent = headers.get('traceparent');
  if (traceparent === null || !traceparentForm.test(traceparent)) return undefined;
  const tracestate = headers.get('tracestate');
  if (!tracestate || tracestate.length > maxStateChars) return { traceparent };
  return { traceparent, tracestate };
}

/**
 * The headers that tell a provider of the trace: of the attempt's span, and where nothing is traced
 * here, those of the caller as they came. Undefined where there is none, and for strangers.
 */
export function traceHeaders(
  { sendsTraceContext }: Pick<Provider, 'sendsTraceContext'>,
  span: Span | undefined,
  caller: Headers,
): Record<string, string> | undefined {
  if (!sendsTraceContext) return undefined;
  const { traceparent, tracestate } = span ?? traceContextOf(caller) ?? {};
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}
