import { RpcError } from '@zeke/rpc';
import type {
  FillEvent,
  FillRequest,
  ModelClient,
  ModelEvent,
  ModelFinishReason,
  ModelInfo,
  ModelRequest,
  ModelUsage,
} from '../model/model-client.ts';
import { checkConversation } from './check-conversation.ts';

/** One answer of a scripted model; what it holds comes in the order of these fields. */
export interface ScriptedTurn {
  /** Nothing comes before this is fulfilled; an abort ends the wait. */
  readonly after?: Promise<unknown>;
  readonly reasoning?: string;
  /** Goes with `reasoning-end`. */
  readonly signature?: string;
  readonly redacted?: string;
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
  /** Breaks the answer off here, in place of `finish`. */
  readonly error?: Error;
  /** After the rest nothing more comes until the signal is aborted. */
  readonly hangs?: boolean;
  /** Default: `tool-calls` where there are calls, else `stop`. */
  readonly finish?: ModelFinishReason;
  /** Default: 100 tokens in, 10 out. */
  readonly usage?: ModelUsage;
  readonly costMicroUsd?: number;
  /** Who is said to have answered. */
  readonly model?: string;
}

export interface ScriptedCall {
  readonly name: string;
  /** An object is written as JSON; text goes out as it is, broken or not. */
  readonly arguments: string | Readonly<Record<string, unknown>>;
  /** Default: `call_1`, `call_2`, … over all turns. */
  readonly id?: string;
}

/** Turns in order, each as it is or made from the request; or one function that answers everything. */
export type ModelScript =
  | readonly (ScriptedTurn | ((request: ModelRequest) => ScriptedTurn))[]
  | ((request: ModelRequest, index: number) => ScriptedTurn);

/** Text between prefix and suffix, or the failure in place of it. */
export type FillScript = (request: FillRequest, index: number) => string | Error;

export interface ScriptedModelOptions {
  readonly fill?: FillScript;
  /** Default: `scripted/model` with a window of 200,000 tokens, and it can fill. */
  readonly models?: readonly ModelInfo[];
  /** Characters in each piece of a stream. Default 12. */
  readonly pieceLength?: number;
}

const defaultModels: readonly ModelInfo[] = [
  { id: 'scripted/model', contextWindow: 200_000, maxOutputTokens: 8_192, canFill: true },
];

/**
 * A model that answers from a script: the test double of `ModelClient`. It is as strict as the strictest
 * provider: a request that is no valid conversation fails with `invalid_argument`, as does one more
 * than the script has.
 */
export class ScriptedModel implements ModelClient {
  /** What was asked, in order. */
  readonly requests: ModelRequest[] = [];
  readonly fills: FillRequest[] = [];
  readonly #script: ModelScript;
  readonly #options: ScriptedModelOptions;
  #calls = 0;

  constructor(script: ModelScript, options: ScriptedModelOptions = {}) {
    this.#script = script;
    this.#options = options;
  }

  /** Turns of a list that nobody has asked for yet. */
  get turnsLeft(): number {
    return typeof this.#script === 'function' ? 0 : this.#script.length - this.requests.length;
  }

  async *generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    throwIfAborted(signal);
    // A copy, since the caller may go on with its lists.
    const index = this.requests.push(structuredClone(request)) - 1;
    const fault = checkConversation(request);
    if (fault !== undefined)
      throw new RpcError('invalid_argument', `request ${index + 1}: ${fault}`);
    const turn = this.#turn(request, index);
    if (turn.after !== undefined) await orAborted(turn.after, signal);
    for (const event of this.#events(turn)) {
      throwIfAborted(signal);
      yield event;
    }
    throwIfAborted(signal);
    if (turn.error !== undefined) throw turn.error;
    if (turn.hangs === true) await orAborted(new Promise(() => {}), signal);
    yield finishOf(turn);
  }

  async *fill(request: FillRequest, signal: AbortSignal): AsyncGenerator<FillEvent> {
    throwIfAborted(signal);
    const index = this.fills.push(request) - 1;
    const { fill } = this.#options;
    if (fill === undefined) throw new RpcError('unimplemented', 'the scripted model cannot fill');
    const answer = fill(request, index);
    if (answer instanceof Error) throw answer;
    for (const text of this.#pieces(answer)) {
      throwIfAborted(signal);
      yield { type: 'text', text };
    }
    yield { type: 'finish', usage: { inputTokens: 100, outputTokens: 10 } };
  }

  async models(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    throwIfAborted(signal);
    return this.#options.models ?? defaultModels;
  }

  #turn(request: ModelRequest, index: number): ScriptedTurn {
    if (typeof this.#script === 'function') return this.#script(request, index);
    const turn = this.#script[index];
    if (turn === undefined) {
      throw new RpcError(
        'invalid_argument',
        `the script has ${this.#script.length} turns, and this is request ${index + 1}`,
      );
    }
    return typeof turn === 'function' ? turn(request) : turn;
  }

  *#events(turn: ScriptedTurn): Generator<ModelEvent> {
    const { reasoning, signature, redacted, text, calls = [] } = turn;
    for (const piece of this.#pieces(reasoning ?? '')) yield { type: 'reasoning', text: piece };
    if (reasoning !== undefined || redacted !== undefined) {
      yield {
        type: 'reasoning-end',
        ...(signature !== undefined && { signature }),
        ...(redacted !== undefined && { redacted }),
      };
    }
    for (const piece of this.#pieces(text ?? '')) yield { type: 'text', text: piece };
    for (const [index, call] of calls.entries()) {
      this.#calls += 1;
      yield { type: 'tool-call', index, id: call.id ?? `call_${this.#calls}`, name: call.name };
    }
    // Calls overlap, as with providers that write several at once.
    const pieces = calls.map((call) => [...this.#pieces(jsonOf(call))]);
    for (let at = 0; pieces.some((list) => at < list.length); at += 1) {
      for (const [index, list] of pieces.entries()) {
        const json = list[at];
        if (json !== undefined) yield { type: 'tool-arguments', index, json };
      }
    }
  }

  *#pieces(text: string): Generator<string> {
    const { pieceLength = 12 } = this.#options;
    for (let at = 0; at < text.length; at += pieceLength) yield text.slice(at, at + pieceLength);
  }
}

function jsonOf(call: ScriptedCall): string {
  return typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
}

function finishOf(turn: ScriptedTurn): ModelEvent {
  const { calls = [], costMicroUsd, model } = turn;
  return {
    type: 'finish',
    reason: turn.finish ?? (calls.length > 0 ? 'tool-calls' : 'stop'),
    usage: turn.usage ?? { inputTokens: 100, outputTokens: 10 },
    ...(costMicroUsd !== undefined && { costMicroUsd }),
    ...(model !== undefined && { model }),
  };
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new RpcError('canceled', 'the answer was canceled');
}

async function orAborted(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(new RpcError('canceled', 'the answer was canceled'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([wait, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
