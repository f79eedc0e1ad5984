import { nearest } from '@zeke/foundation';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** Of the head alone, in characters. */
const maxHeadLength = 16_384;

/** A Markdown file with a head of YAML between two lines of `---`. */
export type FrontMatter<Head> =
  | { readonly ok: true; readonly head: Head; readonly body: string }
  | { readonly ok: false; readonly fault: Fault };

interface Fault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/**
 * Reads head and body of such a file; a file without a head has an empty one. Never throws: the first
 * fault of the head is said with its line.
 */
export function readFrontMatter<Schema extends z.ZodObject>(
  text: string,
  schema: Schema,
): FrontMatter<z.output<Schema>> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const hasHead = lines[0]?.trimEnd() === '---';
  const end = hasHead ? lines.findIndex((line, at) => at > 0 && line.trimEnd() === '---') : 0;
  if (end === -1) return failed(1, 'the head is not closed: it ends with a line of ---');
  const yaml = lines.slice(1, Math.max(end, 1)).join('\n');
  if (yaml.length > maxHeadLength) return failed(1, `the head is over ${maxHeadLength} characters`);
  const body = lines.slice(hasHead ? end + 1 : 0).join('\n');
  return checkHead(hasHead ? yaml : '', body.trim(), schema);
}

function checkHead<Schema extends z.ZodObject>(
  yaml: string,
  body: string,
  schema: Schema,
): FrontMatter<z.output<Schema>> {
  const lineCounter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter, prettyErrors: false, logLevel: 'silent' });
  // The head begins in the second line of its file.
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line + 1;
  const [error] = document.errors;
  if (error !== undefined) return failed(lineAt(error.pos[0]), `not valid YAML: ${error.message}`);
  let value: unknown;
  try {
    // No aliases: a small text could stand for a huge value.
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (cause) {
    return failed(2, `not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, head: checked.data, body };
  const [issue] = checked.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const names = Object.keys(schema.shape);
    const [near] = nearest(key, names);
    const meant = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
    return failed(lineOf([key]), `${key}: no such key: ${meant}`);
  }
  const path = issue?.path ?? [];
  const at = path.length === 0 ? 'the head' : path.join('.');
  return failed(lineOf(path), `${at}: ${issue?.message ?? 'not valid'}`);

  function lineOf(path: readonly PropertyKey[]): number {
    const node = path.length === 0 ? undefined : document.getIn(path, true);
    const range = (node as { readonly range?: readonly number[] } | undefined)?.range;
    return range?.[0] === undefined ? 1 : lineAt(range[0]);
  }
}

function failed(line: number, message: string): { ok: false; fault: Fault } {
  return { ok: false, fault: { line, message } };
}
