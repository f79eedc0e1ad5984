import { defined } from './defined.ts';
import type { CacheConfig, SemanticCacheConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

type Remark = (path: readonly string[], message: string) => void;

const bytesPerMegabyte = 1_048_576;

/** `[cache]` and `[cache.semantic]`; `fault` is told the path of what is wrong. */
export function resolveCache(cache: ValidConfig['cache'], fault: Remark): CacheConfig {
  return defined({
    enabled: cache.enabled,
    maxBytes: Math.floor(cache.max_mb * bytesPerMegabyte),
    ttlMs: cache.ttl_s * 1_000,
    modelTtlMs: new Map(
      Object.entries(cache.model_ttl_s).map(([pattern, seconds]) => [pattern, seconds * 1_000]),
    ),
    scope: cache.scope,
    maxTemperature: cache.max_temperature,
    semantic: resolveSemanticCache(cache, fault),
  });
}

function resolveSemanticCache(
  { enabled: isOn, semantic }: ValidConfig['cache'],
  fault: Remark,
): SemanticCacheConfig | undefined {
  const { enabled, model } = semantic;
  if (!enabled) return undefined;
  if (!isOn) fault(['cache', 'semantic', 'enabled'], 'it needs cache.enabled = true');
  if (model === undefined) {
    fault(['cache', 'semantic', 'model'], 'it is missing: a model that makes vectors');
    return undefined;
  }
  return {
    model,
    threshold: semantic.threshold,
    maxEntries: semantic.max_entries,
    maxBytes: Math.floor(semantic.max_mb * bytesPerMegabyte),
    timeoutMs: semantic.timeout_ms,
    withTools: semantic.with_tools,
  };
}
