import { createHash } from 'node:crypto';
import type { PooledKey } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { AccountName, Provider, ProviderAccount } from './provider.ts';

/** Characters of a hash that tell keys apart, and of which none can be found again. */
const fingerprintChars = 8;

/**
 * One provider with several keys. `make` makes the provider of one of them; what all have in common is
 * the first one's. Who sends a request chooses among `accounts`; lists are asked with the first key that
 * gets one.
 */
export function pooledProvider(
  keys: readonly PooledKey[],
  make: (key: PooledKey) => Provider,
): Provider {
  const accounts = keys.map((pooled): ProviderAccount => {
    const name: AccountName = { label: pooled.label, fingerprint: fingerprintOf(pooled) };
    const provider: Provider = { ...make(pooled), account: name };
    return { ...name, weight: pooled.weight, provider };
  });
  const [first] = accounts;
  if (first === undefined) throw new RpcError('internal', 'a pool of keys has none');
  const { account: _, ...common } = first.provider;
  return { ...common, accounts, listModels: (signal) => listWithAny(accounts, signal) };
}

function fingerprintOf({ key }: PooledKey): string {
  return createHash('sha256').update(key.reveal()).digest('hex').slice(0, fingerprintChars);
}

async function listWithAny(accounts: readonly ProviderAccount[], signal: AbortSignal) {
  let failure: unknown;
  for (const { provider } of accounts) {
    try {
      return await provider.listModels(signal);
    } catch (reason) {
      failure ??= reason;
      if (signal.aborted) break;
    }
  }
  throw failure;
}
