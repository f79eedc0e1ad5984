import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { OutboundRequest, Provider } from './provider.ts';
import { waitFor } from './wait-for.ts';

/**
 * A provider whose key may have been replaced where it is kept. A request whose credentials are
 * refused goes out once more with those of the provider that `fresh` finds, which gives undefined
 * where they are the same still. Nothing of an answer was given out by then.
 */
export function withFreshKey(
  provider: Provider,
  fresh: () => Promise<Provider | undefined>,
): Provider {
  return {
    ...provider,
    prepare: (operation, body, signal) =>
      renewable(
        () => provider.prepare(operation, body, signal),
        fresh,
        (next, renewSignal) => next.prepare(operation, body, renewSignal),
        signal,
      ),
    prepareRaw: (request, signal) =>
      renewable(
        () => provider.prepareRaw(request, signal),
        fresh,
        (next, renewSignal) => next.prepareRaw(request, renewSignal),
        signal,
      ),
    listModels: async (signal) => {
      try {
        return await provider.listModels(signal);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const next = await waitFor(fresh(), signal);
        if (next === undefined) throw error;
        return await next.listModels(signal);
      }
    },
  };
}

type Prepared = OutboundRequest | Promise<OutboundRequest>;

function renewable(
  prepare: () => Prepared,
  fresh: () => Promise<Provider | undefined>,
  prepareWith: (next: Provider, signal: AbortSignal) => Prepared,
  signal: AbortSignal,
): Prepared {
  const again = async (renewSignal: AbortSignal) => {
    const next = await waitFor(fresh(), renewSignal);
    return next && prepareWith(next, renewSignal);
  };
  const added = (request: OutboundRequest): OutboundRequest => {
    const own = request.renew;
    const renew: OutboundRequest['renew'] = async (refusal, renewSignal) => {
      const renewed = await own?.(refusal, renewSignal).catch(unlessRefused);
      return renewed ?? again(renewSignal);
    };
    return { ...request, renew };
  };
  const prepared = prepare();
  if (!(prepared instanceof Promise)) return added(prepared);
  // Whoever gives tokens for a secret refuses it before the provider does.
  return prepared.then(added, async (error) => {
    const request = isRefusal(error) ? await again(signal) : undefined;
    if (request === undefined) throw error;
    return request;
  });
}

/** Fetched credentials may be refused because of the secret that they are fetched with. */
function unlessRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  const isUnknown = error.code === 'unauthenticated' || error.code === 'permission_denied';
  return isUnknown || apiErrorInfo(error).reason === 'provider_credentials';
}
