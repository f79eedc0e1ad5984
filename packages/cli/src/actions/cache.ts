import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from '../client.ts';
import type { CacheFlags } from '../commands/cache.ts';
import type { Context } from '../context.ts';

/** As `/cache/stats` gives it; the numbers are there where the cache is enabled. */
type CacheStats =
  | { readonly enabled: false }
  | {
      readonly enabled: true;
      readonly entries: number;
      readonly bytes: number;
      readonly maxBytes: number;
      readonly evictions: number;
      readonly hits: number;
      readonly semantic: number;
      readonly shared: number;
      readonly misses: number;
      readonly bypassed: number;
      readonly savedInputTokens: number;
      readonly savedOutputTokens: number;
    };

/** Shows what the cache holds and has saved. */
export async function cacheStats(context: Context, flags: CacheFlags): Promise<void> {
  const { output } = context;
  await using client = await openServer(context, flags);
  const cache = await client.json<CacheStats>('/cache/stats');
  if (flags.json) return output.json({ cache });
  if (!cache.enabled) return output.note('the cache is off: [cache] enabled = true turns it on');
  const rows: [string, string][] = [
    ['answers', String(cache.entries)],
    ['memory', `${mebibytes(cache.bytes)} of ${mebibytes(cache.maxBytes)} MiB`],
    ['hits', String(cache.hits)],
    ['semantic', String(cache.semantic)],
    ['shared', String(cache.shared)],
    ['misses', String(cache.misses)],
    ['bypassed', String(cache.bypassed)],
    ['evictions', String(cache.evictions)],
    ['saved tokens', `${cache.savedInputTokens} in, ${cache.savedOutputTokens} out`],
  ];
  output.table(['WHAT', 'SINCE THE START'], rows);
}

/** Forgets all answers. */
export async function clearCache(context: Context, flags: CacheFlags): Promise<void> {
  const { output } = context;
  await using client = await openServer(context, flags);
  const { cleared } = await client.json<{ cleared: number }>('/cache/clear', { method: 'POST' });
  if (flags.json) output.json({ cleared });
  else output.line(`forgot ${cleared} ${cleared === 1 ? 'answer' : 'answers'}`);
}

/** Answers are in the memory of a server: a gateway in this process would have none. */
async function openServer(context: Context, flags: CacheFlags): Promise<GatewayClient> {
  const client = await openClient(context, flags);
  if (client.url !== undefined) return client;
  await client[Symbol.asyncDispose]();
  throw new RpcError(
    'unavailable',
    'no server runs here, and the cache is in the memory of one: start it with zeke up',
  );
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
