import {
  type CodeIndexes,
  Completer,
  ImportedDefinitions,
  type LanguageServers,
  type LocalCompleters,
  RelatedDefinitions,
} from '@zeke/assistant';
import type { OpenAssistantOptions } from './open-assistant.ts';

export interface CompleterParts {
  readonly indexes: CodeIndexes;
  readonly local: LocalCompleters;
  readonly servers: LanguageServers;
}

/** Completions at the cursor, as the configuration says. */
export function openCompleter(
  { config, log, metrics, model, now }: OpenAssistantOptions,
  { indexes, local, servers }: CompleterParts,
): Completer {
  const { completionModel, completionCacheEntries, completionCacheTtlMs } = config.assistant;
  return new Completer({
    local: ({ root }) => local.of(root),
    models: model,
    related: [
      new RelatedDefinitions({ servers, now }),
      new ImportedDefinitions((root) => indexes.of(root)),
    ],
    cache: { maxEntries: completionCacheEntries, ttlMs: completionCacheTtlMs },
    timeoutMs: config.rpc.completionTimeoutMs,
    metrics,
    log,
    now,
    ...(completionModel === undefined ? {} : { model: completionModel }),
  });
}
