import type { CallToolResult } from '@modelcontextprotocol/server';
import type { AgentEvent, FileDiff, PermissionMode, RunRequest } from '@zeke/assistant';
import type { ServedContext } from '@zeke/mcp';
import type { AssistantParts } from '../assistant/assistant-parts.ts';
import { ownSession, type ServedAssistantOptions } from './assistant-access.ts';
import { decideOverMcp } from './decide-over-mcp.ts';
import { guardedTool } from './guarded-tool.ts';

/** Files that a result names. */
const maxToldFiles = 200;
/** Of one message of progress, in characters. */
const maxProgressChars = 2_000;

/** What a caller wants done, with what has a default left out. */
export interface RunWish {
  readonly task: string;
  readonly mode?: PermissionMode;
  readonly model?: string;
  readonly session_id?: string;
  readonly max_steps?: number;
}

/**
 * One run of the agent, for who calls over MCP: what it does is told as progress, and each call of it is
 * judged by the policy as if it were the caller's own. What rules of the assistant ask about goes to the
 * client's person where the client can ask one, else to where consent is given.
 */
export async function runOverMcp(
  wish: RunWish,
  options: ServedAssistantOptions,
  context: ServedContext,
): Promise<CallToolResult> {
  const { agent, runs } = await options.assistant();
  const { mode, request } = await requestOf(wish, options, context);
  const { signal } = context;
  const told = new Telling(context);
  const events = runs.start((ended) => agent.run(request, ended), { isDetached: false, signal });
  for await (const { event } of events) {
    told.take(event);
    const asked = event.type === 'subagent' ? event.event : event;
    if (asked.type !== 'approval') continue;
    const { decision, message } = await decideOverMcp(asked, options, context);
    agent.respond(asked.approvalId, decision, message);
  }
  signal.throwIfAborted();
  return told.result(mode);
}

async function requestOf(
  wish: RunWish,
  options: ServedAssistantOptions,
  context: ServedContext,
): Promise<{ readonly mode: PermissionMode; readonly request: RunRequest }> {
  const { config, guard, project } = options;
  const { assistant: defaults, rpc } = config();
  const { permissions, sessions } = await options.assistant();
  const place = { project, cwd: project.root };
  const { max_steps, model, session_id, task } = wish;
  if (session_id !== undefined) await ownSession(session_id, sessions, project);
  const usual = defaults.mode ?? (await permissionMode(permissions, place, session_id));
  const mode = allowedMode(wish.mode ?? usual, options, context);
  const { budgetMicroUsd } = defaults;
  const request: RunRequest = {
    model: model ?? defaults.model,
    mode,
    instruction: task,
    onAsk: 'wait',
    onQuestion: 'decline',
    verify: defaults.verify,
    wrapTool: (tool) => guardedTool(tool, guard, context.caller),
    limits: {
      maxSteps: Math.min(max_steps ?? defaults.maxSteps, defaults.maxSteps),
      timeoutMs: rpc.agentTimeoutMs,
      ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
    },
    ...(session_id === undefined ? { place } : { sessionId: session_id }),
  };
  return { mode, request };
}

async function permissionMode(
  permissions: AssistantParts['permissions'],
  place: Required<RunRequest>['place'],
  sessionId = '',
): Promise<PermissionMode> {
  return (await permissions.of({ ...place, sessionId })).mode();
}

/** At most what the policy leaves: the agent need not try what it would be denied. */
function allowedMode(
  wanted: PermissionMode,
  { guard }: ServedAssistantOptions,
  { caller }: ServedContext,
): PermissionMode {
  const isDenied = (scope: 'fs.write' | 'shell.execute'): boolean =>
    guard.effectOn({
      direction: 'in',
      kind: 'tool',
      name: 'agent',
      arguments: {},
      caller,
      scopes: [scope],
    }) === 'deny';
  if (isDenied('fs.write')) return 'plan';
  return wanted === 'full' && isDenied('shell.execute') ? 'auto-edit' : wanted;
}

/** What a run tells its caller, while it goes on and at its end. */
class Telling {
  readonly #context: ServedContext;
  readonly #changed = new Map<string, { added: number; removed: number }>();
  #count = 0;
  #sessionId = '';
  #end: Extract<AgentEvent, { type: 'end' }> | undefined;

  constructor(context: ServedContext) {
    this.#context = context;
  }

  take(event: AgentEvent): void {
    if (event.type === 'start') this.#sessionId = event.sessionId;
    else if (event.type === 'end') this.#end = event;
    else this.#tell(event.type === 'subagent' ? event.event : event);
  }

  result(mode: PermissionMode): CallToolResult {
    const { message = '', reason = 'failed', status = 'failed', usage } = this.#end ?? {};
    const files = [...this.#changed].slice(0, maxToldFiles).map(([path, { added, removed }]) => ({
      path,
      lines_added: added,
      lines_removed: removed,
    }));
    const list = files.map(
      ({ lines_added, lines_removed, path }) => `${path} +${lines_added} -${lines_removed}`,
    );
    const more = this.#changed.size - files.length;
    if (more > 0) list.push(`and ${more} more`);
    const changed = list.length === 0 ? 'No file was changed.' : `Changed:\n${list.join('\n')}`;
    return {
      content: [{ type: 'text', text: `${message.trim()}\n\n${changed}` }],
      structuredContent: {
        session_id: this.#sessionId,
        status,
        reason,
        mode,
        summary: message,
        changed_files: files,
        steps: usage?.steps ?? 0,
        ...(usage?.costMicroUsd === undefined ? {} : { cost_micro_usd: usage.costMicroUsd }),
      },
      ...(status === 'completed' ? {} : { isError: true }),
    };
  }

  #note({ linesAdded, linesRemoved, path }: FileDiff): void {
    const { added, removed } = this.#changed.get(path) ?? { added: 0, removed: 0 };
    this.#changed.set(path, { added: added + linesAdded, removed: removed + linesRemoved });
  }

  #tell(event: AgentEvent): void {
    if (event.type === 'tool-result') for (const change of event.changes) this.#note(change);
    const line = lineOf(event);
    if (line === '') return;
    this.#count += 1;
    const message = line.slice(0, maxProgressChars);
    this.#context.onProgress({ progress: this.#count, message });
  }
}

/** Empty for what a caller need not hear while it goes on. */
function lineOf(event: AgentEvent): string {
  switch (event.type) {
    case 'step':
      return `step ${event.step}: ${event.description || event.status}`;
    case 'tool-result':
      return event.summary;
    case 'approval':
      return `waits for an answer: ${event.title}`;
    case 'notice':
      return event.text;
    default:
      return '';
  }
}
