import type { DaemonClient } from '@zeke/protocol/client';
import { SessionInfo, type SessionMessage } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import { followRun } from '../agent/follow-run.ts';
import { usageText } from '../agent/run-printer.ts';
import { tellChanges } from '../agent/tell-changes.ts';
import type {
  ExportFlags,
  ForkFlags,
  ListFlags,
  RevertFlags,
  SessionFlags,
} from '../commands/sessions.ts';
import type { Context } from '../context.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { openDaemon } from '../open-daemon.ts';
import { printable } from '../output.ts';

const shownIdLength = 13;
const maxTitleWidth = 60;

/** `zeke sessions list` */
export async function listSessions(context: Context, flags: ListFlags): Promise<void> {
  const { output } = context;
  await using client = await openDaemon(context, flags);
  const limit = Number(flags.limit);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 1_000)) {
    throw new RpcError('invalid_argument', '--limit: it is a whole number from 1 to 1000');
  }
  const cwd = flags.all ? '' : context.cwd;
  const { sessions } = await client.session.list({ cwd, limit });
  if (flags.json) {
    output.json(sessions.map((session) => SessionInfo.toJson(session)));
    return;
  }
  if (sessions.length === 0) {
    output.hint(`no sessions ${flags.all ? 'yet' : 'of this project yet'}: zeke agent begins one`);
    return;
  }
  const { bold, dim } = output.styles;
  output.table(
    [
      { title: 'session', style: bold },
      'used',
      ...(flags.all ? ['project'] : []),
      'state',
      { title: 'title', style: (text) => text },
    ],
    sessions.map(({ fault, id, project, running, title, usedAt }) => [
      id.slice(0, shownIdLength),
      new Date(usedAt).toISOString().slice(0, 16).replace('T', ' '),
      ...(flags.all ? [project] : []),
      running ? 'works' : fault === '' ? '' : 'damaged',
      title.length > maxTitleWidth ? `${title.slice(0, maxTitleWidth)}…` : title,
    ]),
  );
  output.hint(dim('zeke agent --resume <session> goes on with one'));
}

/** `zeke sessions show` */
export async function showSession(
  context: Context,
  id: string,
  flags: SessionFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openDaemon(context, flags);
  const { messages, session } = await client.session.resume({ sessionId: id, cwd: context.cwd });
  if (session === undefined) throw new RpcError('internal', 'the daemon told no session');
  if (flags.json) {
    output.json({ session: SessionInfo.toJson(session), messages });
    return;
  }
  const { bold, dim, red } = output.styles;
  output.line(`${bold(printable(session.title || 'without a title'))}  ${dim(session.id)}`);
  output.line(dim(`${session.project}, ${session.model}`));
  if (session.usage !== undefined) output.line(dim(usageText(session.usage)));
  if (session.fault !== '') output.line(red(printable(session.fault)));
  for (const message of messages) tellMessage(message, context);
}

function tellMessage(
  { id, role, text, toolCalls, toolResults }: SessionMessage,
  { output }: Context,
) {
  const { bold, cyan, dim, red } = output.styles;
  output.line();
  output.line(`${dim(`[${id}]`)} ${role === 'user' ? cyan(bold('you')) : bold(role)}`);
  for (const line of text.split('\n')) output.line(`  ${printable(line)}`);
  for (const { title } of toolCalls) output.line(`  ${dim('●')} ${printable(title)}`);
  for (const { isError, summary } of toolResults) {
    output.line(`    ${isError ? red(printable(summary)) : dim(printable(summary))}`);
  }
}

/** `zeke sessions attach` */
export async function attachSession(
  context: Context,
  id: string,
  flags: SessionFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  await using client = await openDaemon(context, flags);
  const sessionId = await idOf(client, context, id);
  const end = await followRun(context, {
    client,
    updates: (signal) => client.agent.attach({ sessionId }, { signal }),
    json: flags.json ?? false,
  });
  setExitCode(end.isCompleted ? exitCodes.ok : exitCodes.failure);
}

/** `zeke sessions fork` */
export async function forkSession(context: Context, id: string, flags: ForkFlags): Promise<void> {
  await using client = await openDaemon(context, flags);
  const sessionId = await idOf(client, context, id);
  const forked = await client.session.fork({ sessionId, messageId: flags.at ?? '' });
  if (flags.json) context.output.json(SessionInfo.toJson(forked));
  else context.output.line(forked.id);
}

/** `zeke sessions revert` */
export async function revertSession(
  context: Context,
  id: string,
  messageId: string,
  { force = false, keepFiles = false, ...flags }: RevertFlags,
): Promise<void> {
  await using client = await openDaemon(context, flags);
  const sessionId = await idOf(client, context, id);
  const report = await client.session.revert({ sessionId, messageId, force, keepFiles });
  if (flags.json) context.output.json({ changes: report.changes, kept: report.kept });
  else tellChanges(context, report, 'reverted');
}

/** `zeke sessions export` */
export async function exportSession(
  context: Context,
  id: string,
  flags: ExportFlags,
): Promise<void> {
  await using client = await openDaemon(context, flags);
  const sessionId = await idOf(client, context, id);
  const { content } = await client.session.export({ sessionId, format: flags.format });
  context.output.words(content.endsWith('\n') ? content : `${content}\n`);
}

/** `zeke sessions delete` */
export async function deleteSession(
  context: Context,
  id: string,
  flags: SessionFlags,
): Promise<void> {
  await using client = await openDaemon(context, flags);
  await client.session.delete({ sessionId: await idOf(client, context, id) });
  context.output.line('deleted');
}

/** The whole id of how one begins. Throws `not_found`. */
async function idOf(client: DaemonClient, { cwd }: Context, sessionId: string): Promise<string> {
  const { session } = await client.session.resume({ sessionId, cwd });
  return session?.id ?? sessionId;
}
