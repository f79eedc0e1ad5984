import { RpcError } from '@zeke/rpc';
import { serverFaults } from '@zeke/rpc/circuit';
import type { Provider } from '../providers/provider.ts';
import type { LiveFigures } from './live-figures.ts';
import type { ModelCatalog } from './model-catalog.ts';

/** How a provider answered when it was asked for its models. */
export type Probe =
  | { readonly ok: true; readonly latencyMs: number; readonly models: number }
  | { readonly ok: false; readonly latencyMs: number; readonly error: RpcError };

/**
 * Asks a provider for its models now; where it has several keys, with each of them, which tells which
 * are refused and which are known again. It is well where one key gets an answer; where the
 * configuration names its models, an answer of any kind will do. Never rejects.
 */
export async function probeProvider(
  { catalog, figures }: { catalog: ModelCatalog; figures: LiveFigures },
  provider: Provider,
  signal: AbortSignal,
): Promise<Probe> {
  const startedAt = performance.now();
  const asked = await (provider.accounts
    ? probeKeys(provider, provider.accounts, figures, signal)
    : probe(provider, signal));
  const latencyMs = Math.round(performance.now() - startedAt);
  if (!asked.ok) return { ...asked, latencyMs };
  catalog.learn(provider, asked.models);
  return { ok: true, models: asked.models.length, latencyMs };
}

type Asked =
  | { ok: true; models: Awaited<ReturnType<Provider['listModels']>> }
  | { ok: false; error: RpcError };

async function probe(provider: Provider, signal: AbortSignal): Promise<Asked> {
  try {
    await provider.askModels?.(signal);
  } catch (reason) {
    const error = RpcError.from(reason);
    if (isDown(error)) return { ok: false, error };
  }
  try {
    return { ok: true, models: await provider.listModels(signal) };
  } catch (reason) {
    return { ok: false, error: RpcError.from(reason) };
  }
}

/** It is not there, or does not know us; one without a list of models is well all the same. */
function isDown({ code }: RpcError): boolean {
  return serverFaults.includes(code) || code === 'unauthenticated' || code === 'canceled';
}

async function probeKeys(
  { name }: Provider,
  accounts: NonNullable<Provider['accounts']>,
  figures: LiveFigures,
  signal: AbortSignal,
): Promise<Asked> {
  const all = await Promise.all(
    accounts.map(async (account) => {
      const live = figures.account(name, account);
      const asked = await probe(account.provider, signal);
      if (asked.ok) live.answered();
      // A 403 may mean that the key may do everything but this.
      else if (asked.error.code === 'unauthenticated') live.refuse('', asked.error);
      return asked;
    }),
  );
  const [first] = all;
  return all.find(({ ok }) => ok) ?? first ?? { ok: false, error: noKeys(name) };
}

function noKeys(name: string): RpcError {
  return new RpcError('internal', `${name} has no key`);
}
