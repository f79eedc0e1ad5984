export { type LogOptions, logClient, logServer, type RpcLog } from './logs.ts';
export { createMetrics, type MetricsOptions, type RpcMetrics } from './metrics.ts';
export { redactedMetadata } from './redact.ts';
export { requestIdClient, requestIdKey, requestIdOf, requestIds } from './request-id.ts';
export {
  type ClientTracingOptions,
  type ServerTracingOptions,
  type TracingOptions,
  traceContextKey,
  tracingClient,
  tracingServer,
} from './tracing.ts';
export { traceMetadata, w3cPropagator } from './w3c-context.ts';
