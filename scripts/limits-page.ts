/**
 * Writes the table of limits into docs/reference/limits.md, between two markers:
 * `bun scripts/limits-page.ts`. Defaults of keys come from the configuration's schema, the values of
 * fixed limits from the constants in the source. A structure test checks that they are in sync.
 */
import { type ConfigKey, listConfigKeys } from '../packages/foundation/src/index.ts';
import { fixedLimits, keyLimits } from './limits.ts';
import { agentLimits } from './limits-agent.ts';
import { assistantLimits } from './limits-assistant.ts';
import { contextLimits } from './limits-context.ts';
import { editingLimits } from './limits-editing.ts';
import { extensionLimits } from './limits-extensions.ts';
import { mcpClientLimits, mcpFixedLimits, mcpKeyLimits } from './limits-mcp.ts';
import { ruleLimits } from './limits-rules.ts';
import { shellLimits } from './limits-shell.ts';

const root = new URL('..', import.meta.url);
const pagePath = new URL('docs/reference/limits.md', root);
const begin = '<!-- limits: written by scripts/limits-page.ts -->';
const end = '<!-- end of limits -->';

/** What a fixed limit counts. */
export type LimitUnit = 'bytes' | 'characters' | 'ms' | 'levels' | '';

/** A limit that a key of the configuration sets. */
export interface KeyLimit {
  readonly group: string;
  readonly what: string;
  readonly key: string;
  /** What happens beyond it. */
  readonly then: string;
}

/** A limit that nobody sets: a constant of a module. */
export interface FixedLimit {
  readonly group: string;
  readonly what: string;
  /** Below `packages/`. */
  readonly file: string;
  readonly constant: string;
  readonly unit: LimitUnit;
  readonly then: string;
}

/** The page as it stands in the repository. */
export function readPage(): Promise<string> {
  return Bun.file(pagePath).text();
}

/** The same page with today's limits between its markers. Throws when it lacks them. */
export async function withLimits(page: string): Promise<string> {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no "${begin}" and "${end}" after it`);
  return `${page.slice(0, from + begin.length)}\n\n${await table()}\n${page.slice(to)}`;
}

async function table(): Promise<string> {
  const keys = new Map((await listConfigKeys()).map((key) => [key.path, key]));
  const ofKeys = [...keyLimits, ...mcpKeyLimits].map(({ group, key, then, what }) => {
    const found = keys.get(key);
    if (found === undefined) throw new Error(`there is no key ${key}`);
    return { group, cells: [what, `\`${key}\``, defaultOf(found), then] };
  });
  const fixed = await Promise.all(
    [
      ...fixedLimits,
      ...ruleLimits,
      ...mcpFixedLimits,
      ...mcpClientLimits,
      ...agentLimits,
      ...extensionLimits,
      ...assistantLimits,
      ...shellLimits,
      ...contextLimits,
      ...editingLimits,
    ].map(async ({ group, then, what, ...limit }) => {
      const value = shown(await constantIn(limit.file, limit.constant), limit.unit);
      return { group, cells: [what, 'fixed', value, then] };
    }),
  );
  const rows = [...ofKeys, ...fixed];
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = groups.flatMap((group) => [
    `| **${group}** | | | |`,
    ...rows.filter((row) => row.group === group).map(({ cells }) => `| ${cells.join(' | ')} |`),
  ]);
  return `| What | Key | Default | Beyond it |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
}

function defaultOf({ default: value }: ConfigKey): string {
  return typeof value === 'number' ? grouped(value) : value === undefined ? 'none' : `\`${value}\``;
}

/** The value of a constant in the source, which is a number or a product of numbers. */
async function constantIn(file: string, constant: string): Promise<number> {
  const text = await Bun.file(new URL(`packages/${file}`, root)).text();
  const found = new RegExp(`\\bconst ${constant} = ([\\d_.]+(?: \\* [\\d_.]+)*);`).exec(text);
  if (!found?.[1]) throw new Error(`packages/${file} has no constant ${constant}`);
  const factors = found[1].split('*').map((each) => Number(each.replaceAll('_', '')));
  return factors.reduce((product, factor) => product * factor, 1);
}

function shown(value: number, unit: LimitUnit): string {
  switch (unit) {
    case 'bytes':
      return value % 1_048_576 === 0
        ? `${grouped(value / 1_048_576)} MiB`
        : `${grouped(value / 1_024)} KiB`;
    case 'ms':
      return value % 1_000 === 0 ? `${grouped(value / 1_000)} s` : `${grouped(value)} ms`;
    case '':
      return grouped(value);
    default:
      return `${grouped(value)} ${unit}`;
  }
}

/** `20,000` */
function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

if (import.meta.main) await Bun.write(pagePath, await withLimits(await readPage()));
