import type { McpAnswer } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import type { SessionInfo } from '../sessions/session-store.ts';
import { findAgent } from './agent-definition.ts';
import type { AgentEvent, Decision } from './agent-event.ts';
import type { AgentOptions, ProjectAgents, RunRequest } from './agent-options.ts';
import { Approvals } from './approvals.ts';
import { EventChannel } from './event-channel.ts';
import { OpenQuestions } from './open-questions.ts';
import { defaultTimeoutMs, RunBudget } from './run-budget.ts';
import { RunStop } from './run-end.ts';
import { startRun } from './start-run.ts';

/** Words that one run may have waiting for its next step. */
const maxSteers = 100;

interface Running {
  readonly steers: string[];
  readonly stop: AbortController;
}

/**
 * Runs tasks of several steps: asks the model, runs what it calls for, gives back the results, until it is
 * done or a limit is reached. Everything is in the session before it counts.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #approvals = new Approvals();
  readonly #questions: OpenQuestions;
  readonly #running = new Map<string, Running>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#questions = options.questions ?? new OpenQuestions();
  }

  /**
   * One run, told event by event; the last one is `end`. A reader that leaves cancels it, as the signal
   * does: the session stays valid. Throws before the first event where it cannot begin: `not_found` and
   * `failed_precondition` as `SessionStore.acquire`, `invalid_argument` for an agent that is not there.
   */
  async *run(request: RunRequest, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    const added = await this.#agents(request);
    const agent = findAgent(request.agent ?? 'build', added.agents);
    const session = await this.#session(request, agent.name);
    const channel = new EventChannel();
    const running: Running = { steers: [], stop: new AbortController() };
    const { stop, steers } = running;
    const timeoutMs = request.limits?.timeoutMs ?? defaultTimeoutMs;
    const timer = setTimeout(() => stop.abort(timeout(timeoutMs)), timeoutMs);
    const budget = new RunBudget(request.limits ?? {});
    const questions = this.#questions;
    const shared = { options: this.#options, approvals: this.#approvals, questions, budget };
    const onStart = (): void => void this.#running.set(session.id, running);
    const done = startRun(
      { ...shared, added, request, agent, session, channel, steers, onStart },
      AbortSignal.any([signal, stop.signal]),
    ).then(
      () => channel.close(),
      (error) => channel.close({ error }),
    );
    try {
      yield* channel.read();
    } finally {
      stop.abort();
      channel.close();
      await done;
      clearTimeout(timer);
      if (this.#running.get(session.id) === running) this.#running.delete(session.id);
    }
  }

  /** Answers an approval. False where it is not open: answered, timed out, or its run is over. */
  respond(approvalId: string, decision: Decision, message?: string): boolean {
    return this.#approvals.answer(approvalId, decision, message);
  }

  /**
   * Answers what an MCP server asks within a call. False where it is not open, as `respond`. Throws
   * `invalid_argument` for what is not what it asks for: it stays open.
   */
  answer(questionId: string, answer: McpAnswer): boolean {
    return this.#questions.answer(questionId, answer);
  }

  /**
   * Words for a run that is under way, taken up before its next step. False where there is none. Throws
   * `resource_exhausted` when 100 of them wait.
   */
  steer(sessionId: string, text: string): boolean {
    const running = this.#running.get(sessionId);
    if (running === undefined) return false;
    if (running.steers.length >= maxSteers) {
      const message = `session ${sessionId}: ${maxSteers} messages wait already; interrupt the run, or wait for its next step`;
      throw new RpcError('resource_exhausted', message);
    }
    running.steers.push(text);
    return true;
  }

  /** Ends a run where it is; its session stays. False where there is none. */
  interrupt(sessionId: string): boolean {
    const running = this.#running.get(sessionId);
    running?.stop.abort(interrupted());
    return running !== undefined;
  }

  async #agents({ place, sessionId }: RunRequest): Promise<ProjectAgents> {
    const { agents, sessions } = this.#options;
    if (agents === undefined) return { agents: [], faults: [] };
    if (sessionId !== undefined) return await agents((await sessions.info(sessionId)).project);
    return place === undefined ? { agents: [], faults: [] } : await agents(place.project);
  }

  async #session(request: RunRequest, agent: string): Promise<SessionInfo> {
    const { sessions } = this.#options;
    if (request.sessionId !== undefined) return sessions.info(request.sessionId);
    const { place, model, title } = request;
    if (place !== undefined) {
      return sessions.create({ ...place, agent, model, ...(title !== undefined && { title }) });
    }
    throw new RpcError('invalid_argument', 'a run needs the folder of a project, or a session');
  }
}

function timeout(timeoutMs: number): RunStop {
  const message = `the limit of ${timeoutMs / 1_000} seconds is reached: run the session again to go on`;
  return new RunStop({ status: 'failed', reason: 'timeout', message });
}

function interrupted(): RunStop {
  const message = 'the user interrupted the run';
  return new RunStop({ status: 'canceled', reason: 'canceled', message });
}
