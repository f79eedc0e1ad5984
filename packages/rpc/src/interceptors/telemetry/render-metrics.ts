import type { MethodMetrics } from './metrics.ts';

const shares = [0.5, 0.9, 0.95, 0.99];
/** The bounds of `_bucket`, as powers of two: 16 microseconds to 67 seconds. */
const firstExponent = 4;
const lastExponent = 26;

/**
 * Metrics in the text format of Prometheus, 0.0.4.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function renderMetrics(methods: readonly MethodMetrics[], nowMs: number): string {
  const labelled = methods.map((metrics) => ({ metrics, labels: labelsOf(metrics) }));
  let text = '';
  for (const { name, type, help, value } of simple) {
    text += head(name, type, help);
    for (const { metrics, labels } of labelled) text += `${name}{${labels}} ${value(metrics)}\n`;
  }
  text += head('zrpc_requests_failed_total', 'counter', 'Calls that ended with an error.');
  for (const { metrics, labels } of labelled) {
    for (const [code, count] of metrics.failed) {
      text += `zrpc_requests_failed_total{${labels},code="${code}"} ${count}\n`;
    }
  }
  return text + histograms(labelled) + quantiles(labelled, nowMs);
}

interface Labelled {
  readonly metrics: MethodMetrics;
  readonly labels: string;
}

interface Simple {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (metrics: MethodMetrics) => number;
}

const simple: readonly Simple[] = [
  {
    name: 'zrpc_requests_total',
    type: 'counter',
    help: 'Calls that began.',
    value: (metrics) => metrics.requests,
  },
  {
    name: 'zrpc_requests_success_total',
    type: 'counter',
    help: 'Calls that ended with OK.',
    value: (metrics) => metrics.succeeded,
  },
  {
    name: 'zrpc_streams_active',
    type: 'gauge',
    help: 'Calls that are open.',
    value: (metrics) => metrics.active,
  },
  {
    name: 'zrpc_messages_received_total',
    type: 'counter',
    help: 'Messages that came.',
    value: (metrics) => metrics.messagesReceived,
  },
  {
    name: 'zrpc_messages_sent_total',
    type: 'counter',
    help: 'Messages that went.',
    value: (metrics) => metrics.messagesSent,
  },
  {
    name: 'zrpc_received_bytes_total',
    type: 'counter',
    help: 'Bytes of the messages that came.',
    value: (metrics) => metrics.bytesReceived,
  },
  {
    name: 'zrpc_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of the messages that went.',
    value: (metrics) => metrics.bytesSent,
  },
];

function histograms(labelled: readonly Labelled[]): string {
  const name = 'zrpc_duration_microseconds';
  let text = head(name, 'histogram', 'From the beginning of a call to its end.');
  for (const { metrics, labels } of labelled) {
    const { durations } = metrics;
    for (let exponent = firstExponent; exponent <= lastExponent; exponent++) {
      text += `${name}_bucket{${labels},le="${2 ** exponent}"} ${durations.countUpTo(exponent)}\n`;
    }
    text += `${name}_bucket{${labels},le="+Inf"} ${durations.count}\n`;
    text += `${name}_sum{${labels}} ${durations.sum}\n`;
    text += `${name}_count{${labels}} ${durations.count}\n`;
  }
  return text;
}

function quantiles(labelled: readonly Labelled[], nowMs: number): string {
  const name = 'zrpc_duration_quantile_microseconds';
  let text = head(name, 'gauge', 'Quantiles of the durations of the last one to two minutes.');
  for (const { metrics, labels } of labelled) {
    const values = metrics.durations.quantiles(shares, nowMs);
    for (const [index, value] of values.entries()) {
      text += `${name}{${labels},quantile="${shares[index]}"} ${value}\n`;
    }
  }
  return text;
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelsOf({ side, service, method }: MethodMetrics): string {
  return `side="${side}",service="${escaped(service)}",method="${escaped(method)}"`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
