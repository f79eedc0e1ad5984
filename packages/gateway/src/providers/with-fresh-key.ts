import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { OutboundRequest, Provider } from './provider.ts';
import { waitFor } from './wait-for.ts';

/**
 * A provider whose key may have been replaced where it is kept. A request whose credentials are
 * refused goes out once more with those of the provider that `fresh` finds, which gives undefined
 * where they are the same still. Nothing of an answer was given out by then.
 */
export function withFreshKey(provider: Provider, fresh: Fresh): Provider {
  return {
    ...provider,
    prepare: (operation, body, signal) => {
      const prepared = provider.prepare(operation, body, signal);
      const again: Again = (next, renewSignal) => next.prepare(operation, body, renewSignal);
      return prepared instanceof Promise
        ? renewableLater(prepared, fresh, again, signal)
        : renewable(prepared, fresh, again);
    },
    prepareRaw: (request, signal) => {
      const prepared = provider.prepareRaw(request, signal);
      const again: Again = (next, renewSignal) => next.prepareRaw(request, renewSignal);
      return prepared instanceof Promise
        ? renewableLater(prepared, fresh, again, signal)
        : renewable(prepared, fresh, again);
    },
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

type Fresh = () => Promise<Provider | undefined>;

/** The same request by another provider. */
type Again = (next: Provider, signal: AbortSignal) => OutboundRequest | Promise<OutboundRequest>;

function renewable(request: OutboundRequest, fresh: Fresh, again: Again): OutboundRequest {
  const own = request.renew;
  request.renew = async (refusal, signal) =>
    (await own?.(refusal, signal).catch(unlessRefused)) ?? askedAgain(fresh, again, signal);
  return request;
}

/** Whoever gives tokens for a secret refuses it before the provider does. */
async function renewableLater(
  preparing: Promise<OutboundRequest>,
  fresh: Fresh,
  again: Again,
  signal: AbortSignal,
): Promise<OutboundRequest> {
  try {
    return renewable(await preparing, fresh, again);
  } catch (error) {
    const request = isRefusal(error) ? await askedAgain(fresh, again, signal) : undefined;
    if (request === undefined) throw error;
    return request;
  }
}

async function askedAgain(
  fresh: Fresh,
  again: Again,
  signal: AbortSignal,
): Promise<OutboundRequest | undefined> {
  const next = await waitFor(fresh(), signal);
  return next && again(next, signal);
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
