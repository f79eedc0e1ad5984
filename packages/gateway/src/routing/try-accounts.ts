import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { Provider, ProviderAccount } from '../providers/provider.ts';
import { chooseAccount } from './choose-account.ts';
import type { LiveFigures } from './live-figures.ts';
import { leadsToOtherKey } from './retry-rules.ts';

export interface AccountsTried<T> {
  readonly figures: LiveFigures;
  /** With several keys. */
  readonly provider: Provider;
  readonly model: string;
  readonly session?: string | undefined;
  readonly client: AbortSignal;
  /** Asks with one of them; rejects where nothing of an answer was given out. */
  readonly ask: (provider: Provider) => Promise<T>;
}

/**
 * Asks one provider with one key after the other, while the rules of retries say that another may do.
 * Each is tried once. Rejects with the error that says most: a refused key tells the caller least.
 */
export async function tryAccounts<T>(options: AccountsTried<T>): Promise<T> {
  const { client, figures, model, provider, session } = options;
  const members = (provider.accounts ?? []).map((account) => ({
    account,
    live: figures.account(provider.name, account),
  }));
  const tried = new Set<ProviderAccount>();
  let told: RpcError | undefined;
  for (;;) {
    const chosen = chooseAccount({ provider: provider.name, model, members, tried, session });
    if (chosen instanceof RpcError) throw told ?? chosen;
    tried.add(chosen.account);
    try {
      return await options.ask(chosen.account.provider);
    } catch (reason) {
      const error = RpcError.from(reason);
      if (client.aborted || !leadsToOtherKey(error)) throw reason;
      if (told === undefined || isRefusedKey(told)) told = error;
    }
    if (tried.size === members.length) throw told;
  }
}

function isRefusedKey(error: RpcError): boolean {
  return apiErrorInfo(error).reason === 'provider_credentials';
}
