import type { AttemptRecord } from '../governance/attempt-record.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Services } from '../http/services.ts';
import type { ProviderCall } from '../providers/call-provider.ts';
import { AttemptSpan } from './attempt-span.ts';
import { traceHeaders } from './trace-context.ts';

/** Makes an attempt part of its request's trace, and tells the provider of it where it may know. */
export function joinTrace(
  { captureContent, tracer }: Pick<Services, 'captureContent' | 'tracer'>,
  { guard, request, span }: Exchange,
  record: AttemptRecord,
  call: ProviderCall,
): void {
  // One that is not kept has no attributes to be told, and is sent on as it is.
  if (span?.exemplar) {
    // What guardrails would take out must not be found in a span.
    const keepsContent = captureContent && guard === undefined;
    record.span = new AttemptSpan(tracer, span, record.options, keepsContent);
  }
  const { provider } = record.options.candidate;
  call.traceHeaders = traceHeaders(provider, record.span?.span ?? span, request.headers);
}
