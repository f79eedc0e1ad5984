import type { JsonObject } from './dialect.ts';

/**
 * What callers of a dialect write for the fields of the neutral form: neutral path → path in their
 * body, with `[]` for an entry of a list. Where there are several ways to write it, the usual one
 * stands first. What no caller of the dialect can say is not named.
 */
export type FieldNames = Readonly<Record<string, string | readonly string[]>>;

/**
 * A neutral path, as notes and refusals hold it, in the words of the caller: of several names the
 * one that stands in `body`. What is beyond the longest known path is kept, for below it names are
 * the caller's own; a path that is not known at all is a parameter of the caller's, and so is given
 * back. Places in lists are left out: the neutral form counts otherwise than the caller.
 */
export function callerName(names: FieldNames, field: string, body?: JsonObject): string {
  const path = field.replace(places, '[]');
  for (let end = path.length; end > 0; end = lastCut(path, end)) {
    const known = path.slice(0, end);
    if (Object.hasOwn(names, known)) return chosen(names[known], body) + path.slice(end);
  }
  return field;
}

/** The neutral path of a field that callers of the dialect write; its own name where there is none. */
export function neutralName(names: FieldNames, written: string): string {
  for (const [neutral, name] of Object.entries(names)) {
    const first = typeof name === 'string' ? name : (name[0] ?? '');
    if (first === written || first.startsWith(`${written}.`)) return neutral;
    if (name !== first && name.includes(written)) return neutral;
  }
  return written;
}

const places = /\[\d+\]/g;

function lastCut(path: string, end: number): number {
  return Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1));
}

function chosen(
  name: string | readonly string[] | undefined,
  body: JsonObject | undefined,
): string {
  if (name === undefined || typeof name === 'string') return name ?? '';
  return (body && name.find((each) => isWritten(body, each.split('.')))) ?? name[0] ?? '';
}

/** Whether there is something at a path, in any entry of the lists on it. */
function isWritten(value: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return value != null;
  if (typeof value !== 'object' || value === null) return false;
  const isList = key.endsWith('[]');
  const next = (value as JsonObject)[isList ? key.slice(0, -2) : key];
  if (!isList) return isWritten(next, rest);
  return Array.isArray(next) && next.some((entry) => isWritten(entry, rest));
}
