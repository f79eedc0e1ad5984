import { isAbsolute } from 'node:path';
import {
  type AgentEvent,
  type NumberedEvent,
  openProject,
  type Project,
  type RunRequest,
} from '@zeke/assistant';
import type { AssistantConfig, RpcConfig } from '@zeke/foundation';
import {
  type AgentHandlers,
  Decision,
  type ExecuteRequest,
  type StepUpdate,
} from '@zeke/protocol/reaper';
import { type MessageInit, RpcError } from '@zeke/rpc';
import type { AssistantParts } from '../assistant/assistant-parts.ts';
import { answerOf } from './question-messages.ts';
import { asksForHelp, calledCommand, helpEvents } from './slash-command.ts';
import { StepUpdates } from './step-update.ts';

export interface AgentServiceOptions {
  readonly assistant: () => Promise<AssistantParts>;
  /** In force now. */
  readonly settings: () => { readonly assistant: AssistantConfig; readonly rpc: RpcConfig };
}

const msPerSecond = 1_000;
const modes = ['plan', 'ask', 'auto-edit', 'full'] as const;

/** `reaper.Agent` */
export function agentService({ assistant, settings }: AgentServiceOptions): AgentHandlers {
  return {
    async *execute(request, { signal }) {
      checkRequest(request);
      const parts = await assistant();
      if (asksForHelp(request.instruction)) {
        yield* updatesOf(numbered(helpEvents(await projectOf(request, parts), parts)), 0);
        return;
      }
      const run = await runRequest(request, parts, settings());
      const events = parts.runs.start((ended) => parts.agent.run(run, ended), {
        isDetached: request.detached,
        signal,
      });
      yield* updatesOf(events, 0);
    },
    async *attach({ after, sessionId }, { signal }) {
      const { runs } = await assistant();
      // From the beginning, since an update says what those before it have led to.
      yield* updatesOf(runs.follow(sessionId, 0, signal), after);
    },
    async respond({ response, sessionId }) {
      const { agent, runs } = await assistant();
      const gone = new RpcError('not_found', `session ${sessionId} does not work at the moment`);
      switch (response.case) {
        case 'approval': {
          const { approvalId, decision, message } = response.value;
          const answer = decisionOf(decision);
          if (agent.respond(approvalId, answer, message === '' ? undefined : message)) return {};
          throw new RpcError(
            'not_found',
            `approval ${approvalId} is not open: it was answered, or its run has ended`,
          );
        }
        case 'question': {
          const { questionId } = response.value;
          if (agent.answer(questionId, answerOf(response.value))) return {};
          throw new RpcError(
            'not_found',
            `question ${questionId} is not open: it was answered, or its call has ended`,
          );
        }
        case 'steer':
          if (!agent.steer(sessionId, response.value)) throw gone;
          return {};
        case 'interrupt':
          // A work that has agents do a part of it has other parts.
          if (!agent.interrupt(sessionId) && !runs.cancel(sessionId)) throw gone;
          return {};
        default:
          throw new RpcError(
            'invalid_argument',
            'response: say approval, question, steer or interrupt',
          );
      }
    },
  };
}

function checkRequest({ cwd, instruction, sessionId }: ExecuteRequest): void {
  if (sessionId === '' && !isAbsolute(cwd)) {
    throw new RpcError('invalid_argument', 'cwd: it is the absolute path of a folder of a project');
  }
  if (sessionId === '' && instruction.trim() === '') {
    throw new RpcError('invalid_argument', 'instruction: say what is to be done');
  }
}

async function* numbered(events: AsyncIterable<AgentEvent>): AsyncGenerator<NumberedEvent> {
  let sequence = 0;
  for await (const event of events) yield { event, sequence: ++sequence };
}

async function projectOf(
  { cwd, sessionId }: ExecuteRequest,
  { sessions }: AssistantParts,
): Promise<Project> {
  return sessionId === '' ? await openProject(cwd) : (await sessions.info(sessionId)).project;
}

async function* updatesOf(
  events: AsyncIterable<NumberedEvent>,
  after: number,
): AsyncGenerator<MessageInit<StepUpdate>> {
  const updates = new StepUpdates();
  for await (const { event, sequence } of events) {
    const update = updates.of(event, sequence);
    if (sequence > after) yield update;
  }
}

async function runRequest(
  request: ExecuteRequest,
  parts: AssistantParts,
  { assistant, rpc }: ReturnType<AgentServiceOptions['settings']>,
): Promise<RunRequest> {
  const { budgetMicroUsd = assistant.budgetMicroUsd, cwd } = request;
  const { maxSteps, sessionId, timeout, unattended, worktree } = request;
  const place = cwd === '' ? undefined : { project: await openProject(cwd), cwd };
  const called = request.instruction.startsWith('/')
    ? await calledCommand(request.instruction, await projectOf(request, parts), parts)
    : undefined;
  const { instruction } = called ?? request;
  const agent = request.agent || called?.agent;
  const usualMode = async () =>
    assistant.mode ??
    (place === undefined
      ? 'ask'
      : await (await parts.permissions.of({ ...place, sessionId })).mode());
  const mode = modeOf(request.mode) ?? called?.modeOf(await usualMode()) ?? (await usualMode());
  return {
    model: request.model || called?.model || assistant.model,
    mode,
    onAsk: unattended ? 'deny' : 'wait',
    verify: assistant.verify,
    worktree,
    limits: {
      maxSteps: maxSteps || assistant.maxSteps,
      timeoutMs: timeout === 0 ? rpc.agentTimeoutMs : timeout * msPerSecond,
      ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
    },
    ...(place === undefined || sessionId !== '' ? {} : { place }),
    ...(sessionId === '' ? {} : { sessionId }),
    ...(instruction.trim() === '' ? {} : { instruction }),
    ...(agent ? { agent } : {}),
  };
}

function modeOf(text: string): (typeof modes)[number] | undefined {
  if (text === '') return undefined;
  const mode = modes.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw new RpcError(
    'invalid_argument',
    `mode: there is no ${JSON.stringify(text)}, but ${modes.join(', ')}`,
  );
}

function decisionOf(decision: Decision) {
  switch (decision) {
    case Decision.allow_once:
      return 'allow_once';
    case Decision.allow_session:
      return 'allow_session';
    case Decision.allow_project:
      return 'allow_project';
    case Decision.deny:
      return 'deny';
    default:
      throw new RpcError(
        'invalid_argument',
        'decision: say allow_once, allow_session, allow_project or deny',
      );
  }
}
