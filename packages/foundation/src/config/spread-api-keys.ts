import { formatPath } from './config-fault.ts';
import { type RawConfig, type RawEntry, type RawValue, TextValue } from './raw-config.ts';

/**
 * Makes one entry of each key in `providers.<name>.api_keys`, so that each may be a reference: a list's
 * are named by their number, `1` the first. A variable's text is `env:A, env:B` or `blue=env:A, …`.
 */
export function spreadApiKeys(raw: RawConfig): RawConfig {
  const entries = new Map<string, RawEntry>();
  const tables = new Map(raw.tables);
  for (const [key, entry] of raw.entries) {
    const named = isApiKeys(entry.path) ? namedKeys(entry.value) : undefined;
    if (named === undefined) {
      entries.set(key, entry);
      continue;
    }
    // An empty list is a table without keys, for the schema to refuse.
    tables.set(key, { path: entry.path, origin: entry.origin });
    for (const [name, value] of named) {
      const path = [...entry.path, name];
      entries.set(formatPath(path), { path, value, origin: entry.origin });
    }
  }
  return { entries, tables, faults: raw.faults };
}

function isApiKeys(path: readonly string[]): boolean {
  return path.length === 3 && path[0] === 'providers' && path[2] === 'api_keys';
}

function namedKeys(value: RawValue): [string, RawValue][] | undefined {
  if (Array.isArray(value)) return value.map((key, index) => [String(index + 1), key]);
  if (!(value instanceof TextValue)) return undefined;
  const parts = value.text.split(',').map((part) => part.trim());
  return parts
    .filter((part) => part !== '')
    .map((part, index) => {
      const [, name = String(index + 1), key = part] = /^([\w.-]+)=(.+)$/.exec(part) ?? [];
      return [name, new TextValue(key)];
    });
}
