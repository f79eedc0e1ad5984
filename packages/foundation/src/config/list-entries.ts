import { isReference } from '../secrets/references.ts';
import { formatOrigin } from './config-fault.ts';
import { configKeys } from './config-keys.ts';
import type { ConfigEntry } from './load-config.ts';
import {
  type RawConfig,
  type RawEntry,
  type RawTree,
  type RawValue,
  TextValue,
} from './raw-config.ts';
import type { ValidConfig } from './schema.ts';
import { valueAt } from './schema-at.ts';

const redacted = '[redacted]';

/** Tables whose every value is a secret, of providers and of issuers. */
const secretTables: ReadonlySet<string> = new Set([
  'headers',
  'api_keys',
  'secrets',
  'signing_keys',
]);

/**
 * What is in force, key by key: the fixed sections whole, of the named tables what was written. A
 * reference is shown as it was written, a secret never.
 */
export function listEntries(raw: RawConfig, valid: ValidConfig): ConfigEntry[] {
  const keys = configKeys();
  const secrets = new Set(keys.filter((key) => key.type === 'secret').map((key) => key.path));
  const listed = new Map<string, ConfigEntry>();
  const written = [...raw.entries.values()].map((entry) => entry.path.join('.'));
  for (const { path } of keys) {
    const value = valueAt(valid as unknown as RawTree, path.split('.'));
    // A table of which something is written is listed by what is, which may be secrets.
    const isWritten = written.some((each) => each.startsWith(`${path}.`));
    if (path.includes('<name>') || value === undefined || isWritten) continue;
    listed.set(path, { path, value, source: 'default' });
  }
  for (const [path, entry] of raw.entries) {
    const value = shownValue(entry, secrets);
    listed.set(path, { path, value, source: formatOrigin(entry.origin) });
  }
  return [...listed.values()];
}

function shownValue(entry: RawEntry, secrets: ReadonlySet<string>): unknown {
  const value = plain(entry.value);
  if (typeof value === 'string' && isReference(value)) return value;
  const { path } = entry;
  const [section, name, key] = path;
  if (section === 'storage') return withoutPassword(String(value));
  const pattern = key === undefined ? `${section}.${name}` : `${section}.<name>.${key}`;
  const inTable = `${section}.${name}.<name>.${path[3]}`;
  const isSecret = [pattern, inTable, path.join('.')].some((each) => secrets.has(each));
  const tables = section === 'providers' ? path.slice(2) : path.slice(1);
  return isSecret || tables.some((each) => secretTables.has(each)) ? redacted : value;
}

function plain(value: RawValue): unknown {
  return value instanceof TextValue ? value.text : value;
}

function withoutPassword(url: string): string {
  return url
    .replace(/^([a-z]+:\/\/[^:@/?]*):.*@/, `$1:${redacted}@`)
    .replace(/([?&]password=)[^&]*/gi, `$1${redacted}`);
}
