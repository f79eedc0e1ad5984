import {
  CodeIndexes,
  Completer,
  ImportedDefinitions,
  LocalCompleters,
  type RelatedTexts,
} from '@zeke/assistant/completion';
import { KnownProjects } from './known-projects.ts';
import { LaterTexts } from './later-texts.ts';
import type { AssistantOptions } from './open-assistant.ts';

export interface OpenCompletionOptions extends AssistantOptions {
  /** Opens what language servers tell, for the first completion that a model is asked for. */
  readonly definitions: () => Promise<RelatedTexts>;
}

/** What completes at a cursor, and what of it the agent uses too. */
export interface CompletionParts extends AsyncDisposable {
  readonly completer: Completer;
  readonly indexes: CodeIndexes;
  readonly local: LocalCompleters;
  readonly projects: KnownProjects;
}

/** Completions at the cursor, as the configuration says. Nothing is read before one is asked for. */
export function openCompletion(options: OpenCompletionOptions): CompletionParts {
  const { config, definitions, environment, log, metrics, model, now } = options;
  const { completionModel, completionCacheEntries, completionCacheTtlMs } = config.assistant;
  const { completionTimeoutMs: timeoutMs, workerThreads: threads } = config.rpc;
  const parts = new AsyncDisposableStack();
  const forGit = { PATH: environment.PATH ?? '' };
  const local = parts.use(new LocalCompleters({ environment: forGit }));
  const indexes = parts.use(new CodeIndexes({ environment: forGit, home: config.home, threads }));
  const completer = parts.use(
    new Completer({
      local: ({ root }) => local.of(root),
      models: model,
      related: [
        new LaterTexts(definitions, log),
        new ImportedDefinitions((root) => indexes.of(root)),
      ],
      cache: { maxEntries: completionCacheEntries, ttlMs: completionCacheTtlMs },
      timeoutMs,
      metrics,
      log,
      now,
      ...(completionModel === undefined ? {} : { model: completionModel }),
    }),
  );
  return {
    completer,
    indexes,
    local,
    projects: new KnownProjects(now),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
