import {
  type CodeIndexes,
  type ContextBuilder,
  createContextBuilder,
  type ModelClient,
  type SessionPlace,
} from '@zeke/assistant';
import { faultsIn } from './faults-in.ts';
import type { Toolbox } from './toolbox.ts';

export interface SessionContextOptions {
  readonly model: ModelClient;
  /** `$ZEKE_HOME`. */
  readonly home: string;
  readonly indexes: CodeIndexes;
  readonly toolbox: Toolbox;
}

/** What a session tells models beside its own words: instructions, a map, what mentions stand for. */
export function sessionContext(
  { home, indexes, model, toolbox }: SessionContextOptions,
  place: SessionPlace,
): ContextBuilder {
  const { project } = place;
  const { servers } = toolbox;
  return createContextBuilder({
    ...place,
    client: model,
    home,
    index: indexes.of(project.root),
    readGit: toolbox.readGit,
    sources: {
      diagnostics: async (file, signal) =>
        (await faultsIn(servers, { project, paths: file ? [file] : [], signal })) ?? '',
    },
  });
}
