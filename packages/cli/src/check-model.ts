import { RpcError } from '@zeke/rpc';
import type { GatewayClient } from './client.ts';

/**
 * Resolves when a model of this name can be asked: one that is listed, `auto`, or any model of a
 * configured provider, since not all of them list what they have. Throws `not_found` with the
 * nearest names otherwise.
 */
export async function checkModel(
  client: GatewayClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  if (name === 'auto') return;
  try {
    await client.json(`/v1/models/${encodeURIComponent(name)}`, { signal });
  } catch (reason) {
    const error = RpcError.from(reason);
    if (error.code !== 'not_found') throw error;
    if (!(await isOfProvider(client, name, signal))) throw error;
  }
}

async function isOfProvider(
  client: GatewayClient,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { providers } = await client.json<{ providers: { name: string }[] }>('/status', {
      signal,
    });
    return providers.some((provider) => provider.name === name.split(/[/:]/, 1)[0]);
  } catch (reason) {
    // Who may only call models is not told of the providers; then the first question shows it.
    const { code } = RpcError.from(reason);
    if (code === 'permission_denied' || code === 'unauthenticated') return true;
    throw reason;
  }
}
