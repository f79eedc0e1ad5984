import type { DebugData } from './debug.ts';

/**
 * The data as a page of HTML: tables, no script, no address of anything else. Whoever serves it sends
 * `content-type: text/html; charset=utf-8`.
 */
export function debugPage(data: DebugData): string {
  const upSeconds = Math.round((data.now - data.startedAt) / 1000);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>zrpc debug</title><style>${style}</style></head>
<body><h1>zrpc</h1><p>${new Date(data.now).toISOString()}, watched for ${upSeconds} s</p>
${table('Connections', data.connections, 'No call has come or gone.')}
${table('Open calls', data.calls, 'No call is open.')}
${table('Last failures', data.failures, 'No call has failed.')}
</body></html>
`;
}

const style =
  'body{font:14px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}' +
  'th,td{border:1px solid #bbb;padding:2px 8px;text-align:left;font-variant-numeric:tabular-nums}';

function table(title: string, rows: readonly object[], none: string): string {
  const heading = `<h2>${escaped(title)}</h2>`;
  if (rows.length === 0) return `${heading}<p>${escaped(none)}</p>`;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => `<th>${escaped(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${cells(row as Record<string, unknown>, names)}</tr>`);
  return `${heading}<table><tr>${head}</tr>\n${body.join('\n')}</table>`;
}

function cells(row: Record<string, unknown>, names: readonly string[]): string {
  return names.map((name) => `<td>${escaped(shown(name, row[name]))}</td>`).join('');
}

function shown(name: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'number') return String(value);
  if (/At$/.test(name) || name === 'at') return new Date(value).toISOString();
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
