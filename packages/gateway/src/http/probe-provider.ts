import { RpcError } from '@zeke/rpc';
import type { Provider } from '../providers/provider.ts';
import type { LiveFigures } from '../routing/live-figures.ts';
import type { ModelCatalog } from '../routing/model-catalog.ts';

/** How a provider answered when it was asked for its models. */
export type Probe =
  | { readonly ok: true; readonly latencyMs: number; readonly models: number }
  | { readonly ok: false; readonly latencyMs: number; readonly error: RpcError };

/**
 * Asks a provider for its models now; where it has several keys, with each of them, which tells which
 * are refused and which are known again. It answers where one key gets an answer. Never rejects.
 */
export async function probeProvider(
  { catalog, figures }: { catalog: ModelCatalog; figures: LiveFigures },
  provider: Provider,
  signal: AbortSignal,
): Promise<Probe> {
  const startedAt = performance.now();
  const [, asked] = await Promise.all([
    probeKeys(provider, figures, signal),
    catalog.probe(provider, signal).then(
      (models) => ({ ok: true, models: models.length }) as const,
      (reason: unknown) => ({ ok: false, error: RpcError.from(reason) }) as const,
    ),
  ]);
  return { ...asked, latencyMs: Math.round(performance.now() - startedAt) };
}

async function probeKeys(
  { accounts = [], name }: Provider,
  figures: LiveFigures,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    accounts.map(async (account) => {
      const live = figures.account(name, account);
      try {
        await account.provider.listModels(signal);
        live.answered();
      } catch (reason) {
        const error = RpcError.from(reason);
        // A 403 may mean that the key may do everything but this.
        if (error.code === 'unauthenticated') live.refuse('', error);
      }
    }),
  );
}
