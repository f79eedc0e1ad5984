import type { AgentEvent, AgentUsage, FileDiff, PermissionAction } from '@zeke/assistant';
import { Decision, QuestionAction, StepStatus, type StepUpdate } from '@zeke/protocol/reaper';
import type { MessageInit } from '@zeke/rpc';
import { questionOf } from './question-messages.ts';

type Update = MessageInit<StepUpdate>;
type UpdateEvent = NonNullable<Update['event']>;
type EventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { type: Type }>;

/** An agent's events as updates of a call: each says the step and the status that hold at the time. */
export class StepUpdates {
  #sessionId = '';
  #step = 0;
  #status: StepStatus = StepStatus.planning;
  readonly #subagents = new Map<string, StepUpdates>();

  /** `sequence` is the event's number in its run, from 1. */
  of(event: AgentEvent, sequence: number): Update {
    if (event.type === 'start') this.#sessionId = event.sessionId;
    if (event.type === 'step') {
      this.#step = event.step;
      this.#status = StepStatus[event.status];
    }
    if (event.type === 'end') {
      this.#status = event.status === 'completed' ? StepStatus.completed : StepStatus.failed;
    }
    return {
      step: this.#step,
      description: event.type === 'step' ? event.description : '',
      status: this.#status,
      message: messageOf(event),
      sessionId: this.#sessionId,
      sequence,
      event: event.type === 'subagent' ? this.#subagent(event, sequence) : eventOf(event),
    };
  }

  #subagent({ callId, event }: EventOf<'subagent'>, sequence: number): UpdateEvent {
    let updates = this.#subagents.get(callId);
    if (updates === undefined) {
      updates = new StepUpdates();
      this.#subagents.set(callId, updates);
    }
    const update = updates.of(event, sequence);
    if (event.type === 'end') this.#subagents.delete(callId);
    return { case: 'subagent', value: { callId, update } };
  }
}

function messageOf(event: AgentEvent): string {
  switch (event.type) {
    case 'end':
      return event.message;
    case 'notice':
      return event.text;
    case 'approval':
      return `${event.title}: ${event.reason}`;
    case 'question':
      return `the MCP server ${event.server} asks: “${event.message}”`;
    default:
      return '';
  }
}

function eventOf(event: Exclude<AgentEvent, EventOf<'subagent'>>): UpdateEvent {
  switch (event.type) {
    case 'start':
      return { case: 'started', value: { model: event.model } };
    case 'step':
      return { case: 'stepBegun', value: {} };
    case 'text':
      return { case: 'text', value: { text: event.text } };
    case 'reasoning':
      return { case: 'reasoning', value: { text: event.text } };
    case 'tool-call':
      return toolCall(event);
    case 'tool-progress':
      return { case: 'toolProgress', value: { callId: event.callId, text: event.text } };
    case 'tool-result':
      return toolResult(event);
    case 'approval':
      return approval(event);
    case 'approval-answered':
      return {
        case: 'approvalAnswered',
        value: { approvalId: event.approvalId, decision: Decision[event.decision] },
      };
    case 'question':
      return { case: 'question', value: questionOf(event) };
    case 'question-answered':
      return {
        case: 'questionAnswered',
        value: { questionId: event.questionId, action: QuestionAction[event.action] },
      };
    case 'steered':
      return { case: 'steered', value: { text: event.text } };
    case 'todo':
      return { case: 'todo', value: { items: [...event.items] } };
    case 'compacted':
      return {
        case: 'compacted',
        value: { tokensBefore: event.tokensBefore, tokensAfter: event.tokensAfter },
      };
    case 'notice':
      return { case: 'notice', value: { text: event.text } };
    case 'hook':
      return { case: 'hook', value: hookOf(event) };
    case 'usage':
      return { case: 'usage', value: usageOf(event.usage) };
    case 'end':
      return { case: 'ended', value: { reason: event.reason, usage: usageOf(event.usage) } };
  }
}

function hookOf({ callId = '', command, durationMs, event, outcome, text }: EventOf<'hook'>) {
  return { event, command, outcome, text, durationMs, callId };
}

function toolCall({ arguments: json, callId, name, title }: EventOf<'tool-call'>): UpdateEvent {
  return { case: 'toolCall', value: { callId, name, arguments: json, title } };
}

function toolResult(event: EventOf<'tool-result'>): UpdateEvent {
  const { callId, changes, durationMs, isError, summary, text } = event;
  return {
    case: 'toolResult',
    value: {
      callId,
      isError,
      text,
      summary,
      changes: changes.map(diffOf),
      durationMs: Math.round(durationMs),
    },
  };
}

function approval(event: EventOf<'approval'>): UpdateEvent {
  const { actions, approvalId, callId, changes, reason, title } = event;
  return {
    case: 'approval',
    value: {
      approvalId,
      callId,
      title,
      reason,
      actions: actions.map(actionOf),
      changes: changes.map(diffOf),
    },
  };
}

function actionOf(action: PermissionAction) {
  switch (action.kind) {
    case 'read':
      return { kind: action.kind, subject: action.path, detail: '' };
    case 'write':
      return { kind: action.kind, subject: action.path, detail: action.change };
    case 'shell':
      return { kind: action.kind, subject: action.command, detail: action.cwd };
    case 'fetch':
      return { kind: action.kind, subject: action.url, detail: '' };
    case 'mcp':
      return { kind: action.kind, subject: `${action.server}__${action.tool}`, detail: '' };
  }
}

/** A difference in a file, as messages have it. */
export function diffOf({ diff, linesAdded, linesRemoved, path }: FileDiff) {
  return { path, diff, linesAdded, linesRemoved };
}

/** What a run took, as messages have it. */
export function usageOf(usage: AgentUsage) {
  const { cachedInputTokens, costMicroUsd, inputTokens, outputTokens, steps } = usage;
  return {
    steps,
    inputTokens,
    outputTokens,
    cachedInputTokens,
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
  };
}
