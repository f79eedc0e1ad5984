/**
 * Writes the tables of all metrics into docs/reference/metrics.md, between two markers:
 * `bun scripts/metrics-page.ts`. A structure test checks that they are in sync.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../packages/daemon/src/index.ts';
import { loadConfig, type MetricFamily } from '../packages/foundation/src/index.ts';

const pagePath = new URL('../docs/reference/metrics.md', import.meta.url);
const begin = '<!-- metrics: written by scripts/metrics-page.ts -->';
const end = '<!-- end of metrics -->';

/** The page as it stands in the repository. */
export function readPage(): Promise<string> {
  return Bun.file(pagePath).text();
}

/** All metrics of a zeke with every part that has some switched on. */
export async function allMetrics(): Promise<MetricFamily[]> {
  const home = await mkdtemp(join(tmpdir(), 'zeke-metrics-'));
  try {
    const environment = {
      ZEKE_HOME: home,
      ZEKE_STORAGE_URL: 'sqlite::memory:',
      ZEKE_TELEMETRY_LOG_LEVEL: 'silent',
      ZEKE_CACHE_ENABLED: 'true',
      ZEKE_LIMITS_ENABLED: 'true',
      ZEKE_REDIS_URL: 'redis+unix:///nowhere/redis.sock',
    };
    const result = await loadConfig({ cwd: home, environment });
    if (!result.ok) throw new Error('the default configuration does not load');
    const asked = () => Promise.reject(new Error('nobody is asked'));
    await using parts = await compose({
      config: result.config,
      environment: {},
      fetch: Object.assign(asked, { preconnect: () => {} }),
      now: Date.now,
    });
    await parts.assistant.get();
    return await parts.metrics.families();
  } finally {
    await rm(home, { recursive: true });
  }
}

/** The same page with today's metrics between its markers. Throws when it lacks them. */
export function withMetrics(page: string, families: readonly MetricFamily[]): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no "${begin}" and "${end}" after it`);
  return `${page.slice(0, from + begin.length)}\n\n${tables(families)}\n${page.slice(to)}`;
}

const groups = [
  { title: 'Of the gateway', prefix: 'zeke_' },
  { title: "Of OpenTelemetry's conventions", prefix: 'gen_ai_' },
  { title: 'Of the process', prefix: '' },
] as const;

function tables(families: readonly MetricFamily[]): string {
  const left = new Set(families);
  return groups
    .map(({ prefix, title }) => {
      const members = [...left].filter(({ name }) => name.startsWith(prefix));
      for (const member of members) left.delete(member);
      return `## ${title}\n\n${table(members)}`;
    })
    .join('\n');
}

function table(families: readonly MetricFamily[]): string {
  const rows = families
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ help, labels, name, type }) => {
      const names = labels.map((label) => `\`${label.replaceAll('.', '_')}\``).join(', ');
      return `| \`${name}\` | ${type} | ${names} | ${help} |\n`;
    });
  return `| Metric | Type | Labels | What it is |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

if (import.meta.main) await Bun.write(pagePath, withMetrics(await readPage(), await allMetrics()));
