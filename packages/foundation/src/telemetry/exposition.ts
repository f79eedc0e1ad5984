import type { HistogramPoint, KeptExemplar, MetricFamily } from './metric-family.ts';

/** The formats of `GET /metrics`; exemplars are told in OpenMetrics only. */
export type MetricsFormat = 'prometheus' | 'openmetrics';

/** By format. */
export const metricsContentTypes: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an `Accept` header likes best; what it says of other types is not looked at. */
export function metricsFormatFor(accept: string | null): MetricsFormat {
  let open = 0;
  let text = 0;
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const given = parameters.find((each) => each.startsWith('q='));
    const parsed = given === undefined ? 1 : Number(given.slice(2));
    const quality = Number.isFinite(parsed) ? parsed : 0;
    if (type === 'application/openmetrics-text') open = Math.max(open, quality);
    if (type === 'text/plain') text = Math.max(text, quality);
  }
  return open > 0 && open >= text ? 'openmetrics' : 'prometheus';
}

/**
 * Metrics as text: https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/.
 */
export function expose(families: readonly MetricFamily[], format: MetricsFormat): string {
  const isOpen = format === 'openmetrics';
  let text = '';
  for (const family of families) {
    // OpenMetrics names a counter without the end that its samples have.
    const name =
      isOpen && family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    text += `# HELP ${name} ${escapedHelp(family.help, isOpen)}\n# TYPE ${name} ${family.type}\n`;
    if (family.type === 'histogram') {
      for (const point of family.points) text += histogramLines(family.name, point, isOpen);
      continue;
    }
    const sample = isOpen && family.type === 'counter' ? `${name}_total` : family.name;
    for (const { labels, value } of family.points) text += line(sample, labels, value);
  }
  return isOpen ? `${text}# EOF\n` : text;
}

function histogramLines(name: string, point: HistogramPoint, isOpen: boolean): string {
  const { bounds, counts, exemplars, labels, sum } = point;
  let text = '';
  let count = 0;
  for (const [index, own] of counts.entries()) {
    count += own;
    const le = numberText(bounds[index] ?? Number.POSITIVE_INFINITY);
    const exemplar = isOpen ? exemplars[index] : undefined;
    text += line(`${name}_bucket`, { ...labels, le }, count, exemplar);
  }
  return `${text}${line(`${name}_sum`, labels, sum)}${line(`${name}_count`, labels, count)}`;
}

function line(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
  exemplar?: KeptExemplar,
): string {
  const pairs = Object.entries(labels).map(
    ([key, text]) => `${key.replaceAll('.', '_')}="${escapedLabel(text)}"`,
  );
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${name}${braces} ${numberText(value)}${exemplar ? exemplarText(exemplar) : ''}\n`;
}

function exemplarText({ atMs, spanId, traceId, value }: KeptExemplar): string {
  const at = (atMs / 1_000).toFixed(3);
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${numberText(value)} ${at}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapedLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function escapedHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}
