import { type Resource, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { exportMarkdown } from '@zeke/assistant';
import type { ServedResources } from '@zeke/mcp';
import { ownSession, type ServedAssistantOptions } from './assistant-access.ts';

/** Sessions that are listed, the last used first. */
const maxListedSessions = 100;
/** How often it is looked whether a session that somebody watches has changed, in milliseconds. */
const watchEveryMs = 1_000;
const scheme = 'session://';

/** Sessions of a project as `session://ID`, in Markdown. Those of other projects are not there. */
export function sessionResources({
  assistant,
  project,
}: Pick<ServedAssistantOptions, 'assistant' | 'project'>): ServedResources {
  const find = async (uri: string) => {
    if (!uri.startsWith(scheme)) throw new ResourceNotFoundError(uri);
    const { sessions } = await assistant();
    const info = await ownSession(uri.slice(scheme.length), sessions, project).catch(() => {
      throw new ResourceNotFoundError(uri);
    });
    return { info, sessions };
  };
  return {
    list: async () => {
      const { sessions } = await assistant();
      const found = await sessions.list({ projectRoot: project.root, limit: maxListedSessions });
      return found.map(
        ({ id, title, updatedAtMs }): Resource => ({
          uri: `${scheme}${id}`,
          name: title || id,
          mimeType: 'text/markdown',
          annotations: { lastModified: new Date(updatedAtMs).toISOString() },
        }),
      );
    },
    templates: () => [{ uriTemplate: `${scheme}{id}`, name: 'session', mimeType: 'text/markdown' }],
    read: async (uri) => {
      const { info, sessions } = await find(uri);
      const text = exportMarkdown(await sessions.get(info.id));
      return { contents: [{ uri, mimeType: 'text/markdown', text }] };
    },
    subscribe: async (uri, _caller, changed) => {
      const { info, sessions } = await find(uri);
      let known = stateOf(info);
      let isLooking = false;
      // Another process may write to it: the database is all that both know.
      const look = async (): Promise<void> => {
        if (isLooking) return;
        isLooking = true;
        const now = await sessions.info(info.id).then(stateOf, () => 'gone');
        isLooking = false;
        if (now === known) return;
        known = now;
        changed();
      };
      const timer = setInterval(() => void look(), watchEveryMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function stateOf({ entryCount, isRunning }: { entryCount: number; isRunning: boolean }): string {
  return `${entryCount} ${isRunning}`;
}
