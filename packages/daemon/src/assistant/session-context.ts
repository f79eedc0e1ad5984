import {
  type CodeIndexes,
  type ContextBuilder,
  createContextBuilder,
  fetchPageText,
  type ModelClient,
  type SessionPlace,
} from '@zeke/assistant';
import { RpcError } from '@zeke/rpc';
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
      fetchUrl: async (url, signal) => {
        await requireMentionAllowed(url, place, toolbox.permissions);
        return await fetchPageText(url, signal);
      },
    },
  });
}

/**
 * Who mentions an address wants it fetched: no mode asks about it, but rules about its host hold. Throws
 * `permission_denied`.
 */
async function requireMentionAllowed(
  url: string,
  place: SessionPlace,
  permissions: Toolbox['permissions'],
): Promise<void> {
  const judge = (await permissions.of(place)).inMode('full');
  const { reason, verdict } = await judge.judge('web_fetch', [{ kind: 'fetch', url }]);
  if (verdict === 'allow') return;
  const way = verdict === 'ask' ? '; web_fetch can ask for it' : '';
  throw new RpcError('permission_denied', `the page was not taken: ${reason}${way}`);
}
