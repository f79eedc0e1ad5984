import { RpcError } from '@zeke/rpc';
import type { AgentEndReason } from './agent-event.ts';

/** How a run ended. */
export interface RunEnd {
  readonly status: 'completed' | 'failed' | 'canceled';
  readonly reason: AgentEndReason;
  readonly message: string;
}

/** Ends a run from where it is; also the reason of its signal, when it is stopped from outside. */
export class RunStop extends Error {
  readonly end: RunEnd;

  constructor(end: RunEnd) {
    super(end.message);
    this.end = end;
  }
}

/** The model would not. */
export function refusedEnd(finish: 'refusal' | 'content-filter', text: string): RunEnd {
  const who =
    finish === 'refusal' ? 'the model refused' : "the provider's filter stopped the answer";
  const message = `${who}: ${text === '' ? 'say it in another way, or choose another model' : text}`;
  return { status: 'failed', reason: 'refused', message };
}

/** Nothing more goes into the window. */
export const contextIsFull: RunEnd = {
  status: 'failed',
  reason: 'model-failed',
  message:
    "the conversation does not fit the model's window, and could not be made shorter: fork the session from an earlier message, or choose a model with a larger window",
};

/** The model does not get anywhere. */
export function withoutEnd(times: number): RunEnd {
  return {
    status: 'failed',
    reason: 'model-failed',
    message: `the model did not come to an end: its answers were cut or empty ${times} times in a row; choose another model, or ask for less at once`,
  };
}

/** The last step that it may take is taken. */
export function lastStepEnd(lastText: string, maxSteps: number): RunEnd {
  const message = `${lastText}\n\nStopped at the limit of ${maxSteps} steps: run the session again to go on.`;
  return { status: 'failed', reason: 'max-steps', message: message.trim() };
}

/** What an error in a run comes to; a stop from outside is the reason of the signal. */
export function endOfError(error: unknown, signal: AbortSignal): RunEnd {
  const stop = error instanceof RunStop ? error : signal.reason;
  if (stop instanceof RunStop) return stop.end;
  const { code, message } = RpcError.from(error);
  return code === 'canceled'
    ? { status: 'canceled', reason: 'canceled', message: 'the run was canceled' }
    : { status: 'failed', reason: 'failed', message };
}
