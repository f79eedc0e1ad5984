import type { Logger, Metrics, ResolvedConfig } from '@zeke/foundation';
import { RedisLink } from '@zeke/foundation/redis';
import { Replicas } from '@zeke/gateway';

/** This process among those that share one Redis. Disposing of it leaves them. */
export interface OpenReplicas extends AsyncDisposable {
  readonly replicas: Replicas;
}

/**
 * Joins those that share the configured Redis; undefined without one. A Redis that cannot be reached is
 * looked for from then on; one that refuses its password, database or rights, or is a cluster, throws
 * `failed_precondition`.
 */
export async function openReplicas(
  { redis }: ResolvedConfig,
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
): Promise<OpenReplicas | undefined> {
  if (redis === undefined) return undefined;
  const { address, expectedReplicas, keyPrefix, timeoutMs } = redis;
  const link = await RedisLink.open({ address, keyPrefix, timeoutMs, log, metrics });
  const replicas = await Replicas.join({ link, expected: expectedReplicas, log, metrics });
  return {
    replicas,
    async [Symbol.asyncDispose]() {
      await replicas[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
    },
  };
}
