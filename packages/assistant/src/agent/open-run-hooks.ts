import type { Hook, HookEnd, HookReport, LoadedHooks } from '../hooks/hook.ts';
import type { HookHost } from '../hooks/hook-host.ts';
import { RunHooks } from '../hooks/run-hooks.ts';
import type { SessionLease } from '../sessions/session-lease.ts';
import type { SessionPlace } from './agent-options.ts';
import type { RunStart } from './start-run.ts';

/** Commands that are shown to who is asked about them, in characters. */
const maxShownLength = 2_000;

/**
 * The hooks of a run: the user's own, and those of the project once a person has agreed to them as they are.
 * Where somebody is there they are asked; else they are told that the project's hooks do not run. Throws
 * `canceled`, and what `HookHost.load` throws.
 */
export async function openRunHooks(
  place: SessionPlace,
  start: RunStart,
  lease: SessionLease,
  signal: AbortSignal,
): Promise<RunHooks> {
  const { channel, options, request } = start;
  const { hooks: host } = options;
  const report = async (told: HookReport): Promise<void> => {
    await lease.append({ kind: 'hook', ...told });
    await channel.send({ type: 'hook', ...told });
  };
  const { cwd, project } = place;
  const hooks =
    host === undefined
      ? []
      : (start.hooks ?? (await admitted({ host, lease, place, start }, signal)));
  return new RunHooks({
    hooks,
    facts: { session_id: rootOf(start), cwd, permission_mode: request.mode },
    run: async (hook, input) => (await host?.run(hook, input, project.root, signal)) ?? withoutHost,
    report,
  });
}

const withoutHost: HookEnd = {
  exitCode: undefined,
  stdout: '',
  stderr: '',
  durationMs: 0,
  fault: 'no hooks are run here',
};

/** The session that the user knows of. */
function rootOf({ rootSessionId, session }: RunStart): string {
  return rootSessionId ?? session.id;
}

interface Admitting {
  readonly host: HookHost;
  readonly lease: SessionLease;
  readonly place: SessionPlace;
  readonly start: RunStart;
}

async function admitted(admitting: Admitting, signal: AbortSignal): Promise<readonly Hook[]> {
  const { host, place, start } = admitting;
  const { channel, session } = start;
  const loaded = await host.load(session.project);
  for (const text of loaded.faults) await channel.send({ type: 'notice', text });
  const { hash, isTrusted, project, user } = loaded;
  if (hash === undefined) return user;
  // In a worktree scripts are those of its own checkout.
  if (place.project.root !== session.project.root) {
    const there = await host.load(place.project);
    if (there.hash !== hash) {
      const text = `the hooks of .zeke/hooks.json do not run in the worktree, where they are not the same: commit .zeke first`;
      await channel.send({ type: 'notice', text });
      return user;
    }
  }
  const isAllowed =
    isTrusted ||
    (host.answered(rootOf(start), hash) ?? (await ask({ ...admitting, loaded, hash }, signal)));
  return isAllowed ? [...user, ...project] : user;
}

interface Asking extends Admitting {
  readonly loaded: LoadedHooks;
  readonly hash: string;
}

async function ask(
  { hash, host, lease, loaded, start }: Asking,
  signal: AbortSignal,
): Promise<boolean> {
  const { approvals, channel, request, session } = start;
  const { project: hooks } = loaded;
  const count = `${hooks.length} ${hooks.length === 1 ? 'hook' : 'hooks'}`;
  if (request.onAsk === 'deny') {
    const text = `.zeke/hooks.json is not trusted, and its hooks (${hooks.length}) do not run: look at them with zeke hooks list, then zeke hooks trust`;
    await channel.send({ type: 'notice', text });
    return false;
  }
  const approvalId = crypto.randomUUID();
  // The question is open before it is told, since the answer may come at once.
  const answered = approvals.ask(approvalId, request.approvalTimeoutMs, signal);
  answered.catch(() => {});
  const { project } = session;
  await channel.send({
    type: 'approval',
    approvalId,
    callId: '',
    title: `run ${count} of this project, outside the sandbox?`,
    reason: shown(hooks),
    actions: hooks.map(({ command }) => ({ kind: 'shell', command, cwd: project.root })),
    changes: [],
  });
  const { by, decision } = await answered;
  await lease.append({ kind: 'approval', approvalId, callId: '', decision, by });
  await channel.send({ type: 'approval-answered', approvalId, decision });
  if (decision === 'allow_project') await host.trust(project, hash);
  if (by === 'user' && decision !== 'allow_once') {
    host.remember(rootOf(start), hash, decision !== 'deny');
  }
  return decision !== 'deny';
}

function shown(hooks: readonly Hook[]): string {
  const all = hooks
    .map(({ command, event, matcher }) => `${event}${matcher ? ` ${matcher}` : ''}: ${command}`)
    .join('; ');
  return all.length > maxShownLength
    ? `${all.slice(0, maxShownLength)}… (zeke hooks list shows all)`
    : all;
}
