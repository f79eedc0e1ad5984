import { msOfDuration, RpcError } from '@zeke/rpc';
import type { ModelClient, ModelEvent, ModelRequest } from '../model/model-client.ts';
import { type Answer, AnswerBuilder } from './answer.ts';

/** How often one question is asked, and the waits in between, which double, in milliseconds. */
const maxAttempts = 5;
const firstWaitMs = 500;
const longestBackOffMs = 30_000;
/** Of one answer: its text, reasoning and arguments, in UTF-16 units. No window holds as much. */
const maxAnswerLength = 8 * 1024 * 1024;
/** Calls in one answer. */
const maxCalls = 1_000;
/** A provider that wants a longer wait is not waited for, in milliseconds. */
const longestWaitMs = 300_000;

export interface AskOptions {
  readonly model: ModelClient;
  /** Waits, or fails with `canceled` when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Knows the ids of earlier calls of the session. */
  readonly isCallIdTaken: (id: string) => boolean;
  readonly onText: (text: string) => Promise<void>;
  readonly onReasoning: (text: string) => Promise<void>;
  readonly onNotice: (text: string) => Promise<void>;
}

/**
 * One answer of a model. While it has said nothing yet, a failure that may pass is met by asking again,
 * after what wait the provider asks for; an answer that breaks off in its text comes back as far as it
 * is, with `finish` `cut`, or `canceled`. Throws what asking again cannot mend, `canceled` where
 * nothing was said, and `resource_exhausted` for an answer that does not end.
 */
export async function askModel(
  request: ModelRequest,
  options: AskOptions,
  signal: AbortSignal,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = new AnswerBuilder(options.isCallIdTaken);
    try {
      await read(request, answer, options, signal);
      return answer.build('cut');
    } catch (error) {
      const failure = signal.aborted ? canceled(error) : RpcError.from(error);
      if (answer.hasText && (signal.aborted || failure.retryable)) {
        return answer.build(signal.aborted ? 'canceled' : 'cut');
      }
      const waitMs = waitBefore(attempt, failure);
      if (signal.aborted || waitMs === undefined) throw failure;
      const seconds = Math.ceil(waitMs / 1_000);
      await options.onNotice(`${failure.message}; asked again in ${seconds} s`);
      await options.wait(waitMs, signal);
    }
  }
}

async function read(
  request: ModelRequest,
  answer: AnswerBuilder,
  options: AskOptions,
  signal: AbortSignal,
): Promise<void> {
  let length = 0;
  let calls = 0;
  for await (const event of options.model.generate(request, signal)) {
    if (event.type === 'tool-call') calls += 1;
    length += lengthOf(event);
    if (length > maxAnswerLength) throw isTooLong(`${maxAnswerLength / 1024 ** 2} Mi characters`);
    if (calls > maxCalls) throw isTooLong(`${maxCalls} calls`);
    answer.add(event);
    if (event.type === 'text') await options.onText(event.text);
    else if (event.type === 'reasoning') await options.onReasoning(event.text);
  }
  if (answer.isFinished) return;
  throw new RpcError('unavailable', 'the model ended its answer without a word that it is whole', {
    retryable: true,
  });
}

/** What an event counts beside its text: those without a word are no reason to listen for ever. */
const eventLength = 16;

function lengthOf(event: ModelEvent): number {
  if (event.type === 'tool-arguments') return eventLength + event.json.length;
  const isText = event.type === 'text' || event.type === 'reasoning';
  return eventLength + (isText ? event.text.length : 0);
}

function isTooLong(limit: string): RpcError {
  return new RpcError(
    'resource_exhausted',
    `the model was stopped in an answer of over ${limit}: nothing of it was done; try smaller steps, or another model`,
  );
}

/** Undefined where asking again is of no use. */
function waitBefore(attempt: number, failure: RpcError): number | undefined {
  if (!failure.retryable || attempt >= maxAttempts) return undefined;
  const backOff = Math.min(longestBackOffMs, firstWaitMs * 2 ** (attempt - 1));
  const asked = retryDelayMs(failure);
  return asked > longestWaitMs ? undefined : Math.max(backOff, asked);
}

function retryDelayMs(failure: RpcError): number {
  const info = failure.detail<{ retryDelay?: Parameters<typeof msOfDuration>[0] }>(
    'google.rpc.RetryInfo',
  );
  return info?.retryDelay === undefined ? 0 : msOfDuration(info.retryDelay);
}

function canceled(cause: unknown): RpcError {
  return new RpcError('canceled', 'the run was canceled', { cause });
}
