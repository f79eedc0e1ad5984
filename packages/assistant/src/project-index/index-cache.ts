import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '@zeke/foundation';
import { z } from 'zod';
import { definitionQueries } from './definition-queries.ts';
import { type SkipReason, skipReasons } from './file-symbols.ts';
import type { FileOutcome } from './read-file-symbols.ts';

/** Changes with what is stored, and with what is asked of the grammars. */
const format = `zeke-index-1-${Bun.hash(JSON.stringify(definitionQueries)).toString(36)}`;
/** A larger file is not read: it is not ours. */
const maxCacheBytes = 512 * 1024 * 1024;

const numbers = z.array(z.number().int().nonnegative().max(0xffff_ffff));
const row = z.object({
  path: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
  reason: z.enum(skipReasons).optional(),
  names: z.array(z.string()).optional(),
  definitions: numbers.optional(),
  signatures: z.string().optional(),
  references: numbers.optional(),
});

export type CachedOutcomes = Map<string, Exclude<FileOutcome, { kind: 'same' }>>;

/**
 * What was learned of a project's files before; empty where nothing can be made of the file: another
 * version wrote it, it was cut, or a bit of it has changed.
 */
export async function readIndexCache(file: string, root: string): Promise<CachedOutcomes> {
  const outcomes: CachedOutcomes = new Map();
  try {
    if (Bun.file(file).size > maxCacheBytes) return outcomes;
    const text = await readFile(file, 'utf8');
    const headEnd = text.indexOf('\n');
    const body = text.slice(headEnd + 1);
    if (text.slice(0, headEnd) !== headOf(root, body)) return outcomes;
    for (const line of body.split('\n')) {
      if (line === '') continue;
      const { path, outcome } = fromRow(row.parse(JSON.parse(line)));
      outcomes.set(path, outcome);
    }
    return outcomes;
  } catch {
    return new Map();
  }
}

/** Keeps outcomes for the next start, readable for their owner alone. Throws what the system says. */
export async function writeIndexCache(
  file: string,
  root: string,
  outcomes: CachedOutcomes,
): Promise<void> {
  const lines = [...outcomes].map(([path, outcome]) => JSON.stringify(toRow(path, outcome)));
  const body = lines.join('\n');
  await writeFileAtomically(file, `${headOf(root, body)}\n${body}`, 0o600);
}

/** Guards against damage, not against an owner who forges it. */
function headOf(root: string, body: string): string {
  return `${format} ${JSON.stringify(root)} ${Bun.hash(body).toString(36)}`;
}

type Row = z.output<typeof row>;
type KnownOutcome = Exclude<FileOutcome, { kind: 'same' }>;

function toRow(path: string, outcome: KnownOutcome): Row {
  const { size, mtimeMs } = outcome.stamp;
  if (outcome.kind === 'skipped') return { path, size, mtimeMs, reason: outcome.reason };
  const { names, definitions, signatures, references } = outcome.symbols;
  return {
    path,
    size,
    mtimeMs,
    names: [...names],
    definitions: [...definitions],
    signatures,
    references: [...references],
  };
}

function fromRow({ path, size, mtimeMs, ...rest }: Row): { path: string; outcome: KnownOutcome } {
  const stamp = { size, mtimeMs };
  const { reason, names = [], definitions = [], signatures = '', references = [] } = rest;
  if (reason !== undefined) return { path, outcome: skippedFor(reason, stamp) };
  const symbols = {
    names,
    definitions: Uint32Array.from(definitions),
    signatures,
    references: Uint32Array.from(references),
  };
  return { path, outcome: { kind: 'parsed', stamp, symbols } };
}

function skippedFor(reason: SkipReason, stamp: { size: number; mtimeMs: number }): KnownOutcome {
  return { kind: 'skipped', stamp, reason };
}
