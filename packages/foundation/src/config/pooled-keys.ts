import { Secret } from '../secrets/secret.ts';
import type { PooledKey } from './resolved-config.ts';
import type { ValidProvider } from './schema.ts';

type PoolTable = Pick<ValidProvider, 'api_key' | 'api_keys' | 'api_key_weights'>;

/** More keys than anybody has of one vendor. */
const maxPooledKeys = 64;
const defaultWeight = 1;

/** The keys of a provider that has several, in their order; undefined where `api_keys` is not given. */
export function pooledKeys(table: PoolTable): readonly PooledKey[] | undefined {
  const { api_keys: keys, api_key_weights: weights = {} } = table;
  if (keys === undefined) return undefined;
  return Object.entries(keys).map(([label, key]) => ({
    label,
    key: new Secret(key),
    weight: weights[label] ?? defaultWeight,
  }));
}

/** What is wrong with several keys together, by the key of the table; no message holds one of them. */
export function pooledKeyFaults(table: PoolTable): { key: string; message: string }[] {
  const { api_key: single, api_keys: keys, api_key_weights: weights = {} } = table;
  const labels = Object.keys(keys ?? {});
  const faults: { key: string; message: string }[] = [];
  const fault = (key: string, message: string) => faults.push({ key, message });
  for (const label of Object.keys(weights)) {
    if (!labels.includes(label)) fault('api_key_weights', `${label} is not one of api_keys`);
  }
  if (keys === undefined) return faults;
  if (single !== undefined) fault('api_keys', 'api_key is given, too: put all keys into api_keys');
  if (labels.length === 0) fault('api_keys', 'the list is empty');
  if (labels.length > maxPooledKeys) fault('api_keys', `there are more than ${maxPooledKeys} keys`);
  const seen = new Map<string, string>();
  for (const [label, key] of Object.entries(keys)) {
    const same = seen.get(key);
    if (same === undefined) seen.set(key, label);
    else fault('api_keys', `${label} is the same key as ${same}`);
  }
  return faults;
}
