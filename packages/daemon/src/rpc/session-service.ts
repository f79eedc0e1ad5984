import {
  type ChangeReport,
  exportJson,
  exportMarkdown,
  foldEntries,
  openProject,
  type Session,
  type SessionInfo,
} from '@zeke/assistant';
import type { SessionHandlers } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import type { AssistantParts } from '../assistant/assistant-parts.ts';
import { messagesOf } from './session-messages.ts';
import { diffOf, usageOf } from './step-update.ts';

const defaultLimit = 50;
/** Sessions that are looked through for how an id begins. */
const maxLookedThrough = 1_000;

/** `reaper.Session` */
export function sessionService(assistant: () => Promise<AssistantParts>): SessionHandlers {
  return {
    async list({ cwd, limit, withChildren }) {
      const { sessions } = await assistant();
      const projectRoot = cwd === '' ? undefined : (await openProject(cwd)).root;
      const found = await sessions.list({
        limit: limit || defaultLimit,
        ...(projectRoot === undefined ? {} : { projectRoot }),
      });
      const children = withChildren
        ? await Promise.all(found.map(({ id }) => sessions.list({ parentId: id })))
        : [];
      return { sessions: [...found, ...children.flat()].map((info) => infoOf(info)) };
    },
    async resume(request) {
      const parts = await assistant();
      const session = await parts.sessions.get(await idOf(request, parts));
      const { active } = foldEntries(session.entries);
      return { session: infoOf(session.info, session), messages: messagesOf(active) };
    },
    async fork({ messageId, sessionId }) {
      const { sessions } = await assistant();
      return infoOf(
        await sessions.fork(sessionId, messageId === '' ? undefined : seqOf(messageId)),
      );
    },
    async revert({ force, keepFiles, messageId, sessionId }, { signal }) {
      const { changes, sessions } = await assistant();
      const options = { force, keepFiles };
      const report = await changes.revert(sessionId, seqOf(messageId), options, signal);
      return { session: infoOf(await sessions.info(sessionId)), ...reportOf(report) };
    },
    async export({ format, sessionId }) {
      const session = await (await assistant()).sessions.get(sessionId);
      if (format === 'json') return { content: exportJson(session) };
      if (format === '' || format === 'markdown') return { content: exportMarkdown(session) };
      throw new RpcError('invalid_argument', 'format: say markdown or json');
    },
    async delete({ sessionId }) {
      await (await assistant()).sessions.delete(sessionId);
      return {};
    },
    async undo(request, { signal }) {
      const parts = await assistant();
      const sessionId = await idOf(request, parts);
      const report = await parts.changes.undo(sessionId, request.force, signal);
      return { sessionId, ...reportOf(report) };
    },
    async redo(request, { signal }) {
      const parts = await assistant();
      const sessionId = await idOf(request, parts);
      const report = await parts.changes.redo(sessionId, request.force, signal);
      return { sessionId, ...reportOf(report) };
    },
    async diff(request, { signal }) {
      const parts = await assistant();
      const sessionId = await idOf(request, parts);
      const diffs = await parts.changes.diff(sessionId, signal);
      return { sessionId, changes: diffs.map(diffOf) };
    },
  };
}

/** The session that is meant: by its id or how that begins, else the last one of the project. */
async function idOf(
  { cwd, sessionId }: { readonly cwd: string; readonly sessionId: string },
  { sessions }: AssistantParts,
): Promise<string> {
  if (sessionId !== '') {
    const found = await sessions.list({ limit: maxLookedThrough });
    const fitting = found.filter(({ id }) => id.startsWith(sessionId));
    if (fitting.length > 1) {
      const message = `session ${sessionId}: ${fitting.length} begin so; give more of the one you mean`;
      throw new RpcError('invalid_argument', message);
    }
    return fitting[0]?.id ?? sessionId;
  }
  if (cwd === '') throw new RpcError('invalid_argument', 'session_id: say which, or a cwd');
  const { root } = await openProject(cwd);
  const [last] = await sessions.list({ projectRoot: root, limit: 1 });
  if (last !== undefined) return last.id;
  throw new RpcError('not_found', `there is no session of ${root} yet: zeke agent begins one`);
}

function seqOf(messageId: string): number {
  if (/^\d{1,9}$/.test(messageId)) return Number(messageId);
  throw new RpcError(
    'invalid_argument',
    'message_id: it is a number, as zeke sessions show tells it',
  );
}

function infoOf(info: SessionInfo, session?: Session) {
  const { agent, createdAtMs, entryCount, forkedFrom, id, isRunning, model, parent } = info;
  const damaged = session?.damaged ?? [];
  return {
    id,
    title: info.title,
    project: info.project.root,
    model,
    createdAt: createdAtMs,
    usedAt: info.updatedAtMs,
    messages: entryCount,
    running: isRunning,
    parent: parent?.sessionId ?? forkedFrom?.sessionId ?? '',
    usage: usageOf(info.usage),
    kind: agent,
    fault: damaged.map(({ reason, seq }) => `entry ${seq} cannot be read: ${reason}`).join('; '),
  };
}

function reportOf({ changes, kept }: ChangeReport) {
  return { changes: changes.map(diffOf), kept: kept.map(({ path }) => path) };
}
