import type { ProviderConfigBase, Secret } from '@zeke/foundation';

/** The headers that the configuration adds to every request. */
export function configuredHeaders(config: ProviderConfigBase): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config.headers).map(([name, value]: [string, Secret]) => [name, value.reveal()]),
  );
}

/** What every JSON request of ours carries: answers are wanted as plain bytes, to stream them on. */
export const jsonHeaders = {
  'content-type': 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'zeke',
} as const;
