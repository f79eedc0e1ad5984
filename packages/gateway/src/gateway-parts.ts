import type { Logger } from '@zeke/foundation';
import type { GatewaySettings } from './gateway.ts';
import type { Background } from './http/background.ts';
import { ModelCatalog } from './routing/model-catalog.ts';
import { pause } from './routing/pause.ts';
import type { Retries } from './routing/try-candidates.ts';

/** When candidates that have all failed are asked again. The end of the process ends the wait. */
export function retriesOf(
  { retries }: Pick<GatewaySettings, 'retries'>,
  { stopping }: Background,
): Retries {
  return {
    rounds: retries,
    random: Math.random,
    wait: (ms, client) => pause(ms, AbortSignal.any([client, stopping])),
  };
}

/** What models there are. */
export function catalogOf(
  settings: Pick<GatewaySettings, 'aliases' | 'providers'>,
  { log, now }: { log: Logger; now: () => number },
): ModelCatalog {
  return new ModelCatalog({ providers: settings.providers, aliases: settings.aliases, log, now });
}
