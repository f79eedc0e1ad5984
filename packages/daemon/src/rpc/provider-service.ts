import { AuthStatus, type ProviderHandlers, ProviderStatus } from '@zeke/protocol/reaper';
import type { CallContext, Code } from '@zeke/rpc';
import { gatewayFailure } from '../gateway-failure.ts';
import { callGateway, type GatewayHandler } from './gateway-call.ts';

/** What of `/omen/providers` is read. */
interface Listed {
  readonly name: string;
  readonly type: string;
  readonly last_check: Checked | null;
}

/** What of a provider's health is read. */
interface Checked {
  readonly status: 'healthy' | 'unhealthy';
  readonly latency_ms?: number;
  readonly error?: { readonly code: Code };
}

/** `reaper.Provider`: what the gateway's own check of each provider found, which is made where none was. */
export function providerService(handle: GatewayHandler): ProviderHandlers {
  return {
    async list(_request, context) {
      const { data } = await read<{ data: readonly Listed[] }>(handle, '/omen/providers', context);
      const providers = await Promise.all(
        data.map(async ({ last_check, name, type }) => {
          const checked = last_check ?? (await check(handle, name, context));
          return { name, type, ...stateOf(checked) };
        }),
      );
      return { providers };
    },
  };
}

async function check(handle: GatewayHandler, name: string, context: CallContext): Promise<Checked> {
  const path = `/omen/providers/${encodeURIComponent(name)}/health`;
  const response = await callGateway(handle, path, context);
  // 503 says that the provider is not healthy, and why.
  if (!response.ok && response.status !== 503) throw (await gatewayFailure(response)).error;
  return (await response.json()) as Checked;
}

async function read<Told>(
  handle: GatewayHandler,
  path: string,
  context: CallContext,
): Promise<Told> {
  const response = await callGateway(handle, path, context);
  if (!response.ok) throw (await gatewayFailure(response)).error;
  return (await response.json()) as Told;
}

function stateOf({ error, latency_ms = 0, status }: Checked) {
  const needsKey = error?.code === 'unauthenticated' || error?.code === 'permission_denied';
  const authStatus = needsKey ? AuthStatus.needs_auth : AuthStatus.authenticated;
  if (status === 'healthy') {
    return { status: ProviderStatus.available, latencyMs: Math.round(latency_ms), authStatus };
  }
  const isLimited = error?.code === 'resource_exhausted';
  return {
    status: isLimited ? ProviderStatus.rate_limited : ProviderStatus.unavailable,
    latencyMs: 0,
    authStatus,
  };
}
