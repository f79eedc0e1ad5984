import { RpcError } from '@zeke/rpc';
import type { Hook } from '../hooks/hook.ts';
import type { ModelInfo } from '../model/model-client.ts';
import type { EntryData } from '../sessions/session-entry.ts';
import type { SessionInfo } from '../sessions/session-store.ts';
import { titleOf } from '../sessions/title-of.ts';
import type { Tool, ToolContext, ToolOutput } from '../tools/tool.ts';
import { type AgentDefinition, findAgent } from './agent-definition.ts';
import type {
  AgentOptions,
  AgentTools,
  ProjectAgents,
  RunRequest,
  SessionPlace,
} from './agent-options.ts';
import { AgentRun } from './agent-run.ts';
import type { Approvals } from './approvals.ts';
import { EventChannel } from './event-channel.ts';
import { LoopGuard } from './loop-guard.ts';
import { noContext } from './no-context.ts';
import type { OpenQuestions } from './open-questions.ts';
import { openRunHooks } from './open-run-hooks.ts';
import type { PermissionJudge } from './permission-judge.ts';
import type { RunBudget } from './run-budget.ts';
import { endOfError, type RunEnd } from './run-end.ts';
import type { RunParts } from './run-parts.ts';
import { createSearchTools } from './search-tools.ts';
import { SentReads } from './sent-reads.ts';
import { systemPrompt } from './system-prompt.ts';
import { createTaskTool, type Subtask } from './task-tool.ts';
import { ToolRegistry } from './tool-registry.ts';
import { openWorktree, type Worktree } from './worktree.ts';

/** A run that is to be started, of an agent or a subagent. */
export interface RunStart {
  readonly options: AgentOptions;
  readonly approvals: Approvals;
  readonly questions: OpenQuestions;
  readonly request: RunRequest;
  readonly agent: AgentDefinition;
  /** Of the project. */
  readonly added: ProjectAgents;
  readonly session: SessionInfo;
  /** The parent's, for a subagent. */
  readonly budget: RunBudget;
  readonly channel: EventChannel;
  /** Words of the user that come while it runs. */
  readonly steers: string[];
  /** Of a subagent that works in its parent's folder: its answers count for it, too. */
  readonly judge?: PermissionJudge;
  /** Of a subagent that works in its parent's folder: those that may run there. */
  readonly hooks?: readonly Hook[];
  /** Of a subagent: the session of the run that began it. */
  readonly rootSessionId?: string;
  /** It has the session. */
  readonly onStart?: () => void;
}

/**
 * Takes the session, puts together what the run needs, runs it, and lets all of it go. Events go to the
 * channel, from `start` to `end`. Throws where it cannot begin.
 */
export async function startRun(start: RunStart, signal: AbortSignal): Promise<RunEnd> {
  const { options, request, session, channel, budget } = start;
  await using lease = await options.sessions.acquire(session.id);
  start.onStart?.();
  const whole = AbortSignal.any([signal, lease.lost]);
  const worktree = request.worktree === true ? await openWorktreeOf(start, whole) : undefined;
  try {
    const place = {
      project: worktree?.project ?? session.project,
      cwd: worktree?.cwd ?? session.cwd,
      sessionId: session.id,
    };
    await channel.send({ type: 'start', sessionId: session.id, model: request.model });
    for (const text of start.added.faults) await channel.send({ type: 'notice', text });
    const ran = await runIn(place, start, lease, whole).catch((error) => endOfError(error, whole));
    const brought = await worktree?.finish(titleOf(session.title || (request.instruction ?? '')));
    const end = brought === undefined ? ran : { ...ran, message: `${ran.message}\n\n${brought}` };
    const late = start.steers.splice(0).map(toldLate);
    // A session that another process has taken over is written to no more.
    await lease.append(...late, { kind: 'end', ...end }).catch(() => {});
    await channel.send({ type: 'end', ...end, usage: budget.usage });
    return end;
  } finally {
    await worktree?.[Symbol.asyncDispose]();
  }
}

/** Words that came when the run was over: the next one takes them up. */
function toldLate(text: string): EntryData {
  return { kind: 'user', origin: 'steer', text, parts: [{ type: 'text', text }] };
}

async function openWorktreeOf(
  { options, session }: RunStart,
  signal: AbortSignal,
): Promise<Worktree> {
  return openWorktree({ ...session, worktrees: options.worktrees, id: session.id }, signal);
}

async function runIn(
  place: SessionPlace,
  start: RunStart,
  lease: RunParts['lease'],
  signal: AbortSignal,
): Promise<RunEnd> {
  const { options, request, agent, approvals, steers, channel, budget } = start;
  await using tools = await openTools(options, place, request.wrapTool);
  const context = (await options.context?.(place)) ?? noContext;
  const info = await modelInfo(options, request.model, signal);
  const judge = start.judge ?? (await judgeOf(options, request, place));
  const hooks = await openRunHooks(place, start, lease, signal);
  const parts: RunParts = {
    options,
    project: place.project,
    cwd: place.cwd,
    isApart: request.worktree === true,
    mode: request.mode,
    judge,
    onAsk: request.onAsk ?? 'wait',
    onQuestion: request.onQuestion ?? (request.onAsk === 'deny' ? 'decline' : 'wait'),
    approvalTimeoutMs: request.approvalTimeoutMs,
    questions: start.questions,
    rootSessionId: start.rootSessionId ?? lease.sessionId,
    lease,
    channel,
    budget,
    guard: new LoopGuard(),
    sentReads: new SentReads(),
    registry: registryOf(start, tools.opened, info, () => parts),
    hooks,
    snapshots: options.snapshots?.(place.project),
    toldSkipped: new Set(),
    signal,
  };
  const prompt = { agent, mode: request.mode, ...place, nowMs: options.now() };
  const base = agent.system ?? (await systemPrompt(prompt));
  const run = { request, agent, approvals, context, info, steers, base };
  return await new AgentRun(parts, run).execute();
}

async function judgeOf(
  options: AgentOptions,
  { confine, mode }: RunRequest,
  place: SessionPlace,
): Promise<PermissionJudge> {
  const judge = await options.permissions(place, mode);
  return confine?.(judge) ?? judge;
}

interface OpenTools extends AsyncDisposable {
  readonly opened: AgentTools;
}

async function openTools(
  options: AgentOptions,
  place: SessionPlace,
  wrap: RunRequest['wrapTool'] = (tool) => tool,
): Promise<OpenTools> {
  const opened = await options.tools(place);
  const { deferrable = [], tools } = opened;
  return {
    opened: { tools: tools.map(wrap), deferrable: deferrable.map(wrap) },
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]?.();
    },
  };
}

/** Undefined for a model that nobody has figures of, or when the list cannot be had: it is asked all the same. */
async function modelInfo(
  { model }: AgentOptions,
  id: string,
  signal: AbortSignal,
): Promise<ModelInfo | undefined> {
  const models = await model.models(signal).catch(() => []);
  return models.find((each) => each.id === id);
}

/** What the agent may use of the tools; `parts` are there when the first of them is called. */
function registryOf(
  start: RunStart,
  { tools, deferrable = [] }: AgentTools,
  info: ModelInfo | undefined,
  parts: () => RunParts,
): ToolRegistry {
  const { added, agent } = start;
  const isAllowed = ({ name, isReadOnly }: Pick<Tool, 'name' | 'isReadOnly'>): boolean =>
    (isReadOnly || !agent.isReadOnly) && (agent.tools?.includes(name) ?? true);
  const task = createTaskTool(added.agents, (subtask, context) =>
    runSubtask(start, parts(), subtask, context),
  );
  const own = [...tools, ...(start.rootSessionId !== undefined ? [] : [task])].filter(isAllowed);
  const contextWindow = info?.contextWindow;
  const registry = new ToolRegistry({
    tools: own,
    deferrable: deferrable.filter(isAllowed),
    contextWindow,
  });
  if (!registry.isDeferring) return registry;
  const search = createSearchTools(registry.deferred, async (names) => {
    await parts().lease.append({ kind: 'tools', names: [...names] });
  });
  return new ToolRegistry({
    tools: [...own, search],
    deferrable: deferrable.filter(isAllowed),
    contextWindow,
  });
}

/**
 * Runs a task as a subagent: in a session of its own, with the model, the mode and the limits of the run
 * that called for it. Its events are told as `subagent`.
 */
async function runSubtask(
  start: RunStart,
  parts: RunParts,
  task: Subtask,
  { callId, signal }: ToolContext,
): Promise<ToolOutput> {
  const { added, options, approvals, budget, request } = start;
  const { project, cwd, hooks, lease, judge } = parts;
  const channel = new EventChannel();
  const forwarded = forward(channel, parts, callId);
  try {
    const agent = findAgent(task.agent, added.agents);
    const session = await options.sessions.create({
      project,
      cwd,
      agent: agent.name,
      model: request.model,
      parent: { sessionId: lease.sessionId, callId },
      title: task.description,
    });
    const worktree = task.worktree === true;
    const { attachments: _, verify: __, ...inherited } = request;
    const end = await startRun(
      {
        options,
        approvals,
        budget,
        agent,
        added: { agents: added.agents, faults: [] },
        session,
        channel,
        steers: [],
        questions: start.questions,
        rootSessionId: parts.rootSessionId,
        request: { ...inherited, sessionId: session.id, instruction: task.prompt, worktree },
        ...(!worktree && { judge, hooks: hooks.hooks }),
      },
      signal,
    );
    return {
      text: end.message,
      isError: end.status !== 'completed',
      summary: `${agent.name}: ${end.status}`,
    };
  } catch (error) {
    const failure = RpcError.from(error);
    if (failure.code === 'internal' || signal.aborted) throw error;
    return { text: failure.message, isError: true, summary: 'failed' };
  } finally {
    channel.close();
    await forwarded;
  }
}

async function forward(channel: EventChannel, parts: RunParts, callId: string): Promise<void> {
  for await (const event of channel.read()) {
    await parts.channel.send({ type: 'subagent', callId, event });
  }
}
