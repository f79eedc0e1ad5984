import {
  type InputRequests,
  type InputRequiredResult,
  type InputResponses,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { mcpError } from '../mcp-error.ts';

/** Calls that wait for an answer of their caller, of all callers together. */
const maxParkedCalls = 1_000;
/** How long a call waits for its caller to answer, in milliseconds. */
export const parkedCallMs = 10 * 60_000;

/** What goes to the caller as `requestState`, signed: which call waits for the answer. */
export interface AskState {
  readonly call: string;
}

export interface AskingOptions {
  readonly state: RequestStateCodec<AskState>;
  /** Tests give their own. */
  readonly setTimer?: (run: () => void, ms: number) => () => void;
}

/** What a call does while it may ask; its signal ends with the caller, not with one of its requests. */
export type AskingCall<Result> = (use: {
  readonly ask: (requests: InputRequests) => Promise<InputResponses>;
  readonly signal: AbortSignal;
}) => Promise<Result>;

/**
 * Lets a call ask its caller and go on with the answer, alike in both eras of the protocol. A question ends
 * the request with `input_required`; the call itself stays where it is, parked, and the caller's next
 * request brings the answer and takes up the call. Where the client is of the older era the SDK makes
 * requests to the client of it.
 */
export class Asking implements AsyncDisposable {
  readonly #parked = new Map<string, Conversation>();
  readonly #state: RequestStateCodec<AskState>;
  readonly #setTimer: NonNullable<AskingOptions['setTimer']>;

  constructor({ setTimer = timer, state }: AskingOptions) {
    this.#state = state;
    this.#setTimer = setTimer;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#parked.size;
  }

  /**
   * Begins a call, or goes on with the one that the request answers. `what` says who calls what: an answer
   * is taken for a call of the same only.
   */
  async run<Result>(
    context: ServerContext,
    what: string,
    call: AskingCall<Result>,
  ): Promise<Result | InputRequiredResult> {
    const { inputResponses = {}, signal } = context.mcpReq;
    const state = context.mcpReq.requestState<AskState>();
    const conversation =
      state === undefined
        ? new Conversation<Result>(what, call)
        : this.#takeUp<Result>(state, what);
    const turn = await conversation.next(inputResponses as InputResponses, signal);
    if (turn.kind === 'result') return turn.result;
    return await this.#park(conversation, turn.requests, context);
  }

  #takeUp<Result>(state: AskState, what: string): Conversation<Result> {
    const found = this.#parked.get(state.call);
    if (found?.what === what) {
      this.#parked.delete(state.call);
      return found as unknown as Conversation<Result>;
    }
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'the call that this answers waits no more: it was answered already, or too late; begin it anew',
    );
  }

  async #park<Result>(
    conversation: Conversation<Result>,
    requests: InputRequests,
    context: ServerContext,
  ): Promise<InputRequiredResult> {
    if (this.#parked.size >= maxParkedCalls) {
      conversation.abort(overloaded());
      throw overloaded();
    }
    const call = crypto.randomUUID();
    const stopTimer = this.#setTimer(() => {
      this.#parked.delete(call);
      conversation.abort(new Error('nobody answered in time'));
    }, parkedCallMs);
    conversation.onResume(stopTimer);
    this.#parked.set(call, conversation as unknown as Conversation);
    return inputRequired({
      inputRequests: requests,
      requestState: await this.#state.mint({ call }, context),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const conversation of this.#parked.values()) {
      conversation.abort(new Error('the server is stopping'));
    }
    this.#parked.clear();
  }
}

type Turn<Result> =
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'asked'; readonly requests: InputRequests };

/** One call, over all the requests of its caller that it takes. */
class Conversation<Result = unknown> {
  readonly what: string;
  readonly #controller = new AbortController();
  readonly #call: AskingCall<Result>;
  #running: Promise<Turn<Result>> | undefined;
  #answers: InputResponses = {};
  /** What it waits for now. */
  #question:
    | { requests: InputRequests; answered: PromiseWithResolvers<InputResponses> }
    | undefined;
  #asked = Promise.withResolvers<Turn<Result>>();
  #stopTimer: (() => void) | undefined;

  constructor(what: string, call: AskingCall<Result>) {
    this.what = what;
    this.#call = call;
  }

  /** Takes answers, and waits for the result or the next question. Ends with the signal of the request. */
  async next(answers: InputResponses, signal: AbortSignal): Promise<Turn<Result>> {
    this.#stopTimer?.();
    const leave = () => this.abort(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      this.#answers = { ...this.#answers, ...answers };
      this.#answer();
      this.#running ??= this.#start();
      return await Promise.race([this.#running, this.#asked.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  onResume(stopTimer: () => void): void {
    this.#stopTimer = stopTimer;
  }

  abort(reason: unknown): void {
    this.#stopTimer?.();
    this.#controller.abort(reason);
    this.#question?.answered.reject(reason);
  }

  async #start(): Promise<Turn<Result>> {
    const { signal } = this.#controller;
    const running = this.#call({ ask: (requests) => this.#ask(requests), signal });
    const turn = running.then((result) => ({ kind: 'result', result }) as const);
    // What comes after the caller has left is heard by nobody.
    turn.catch(() => undefined);
    return await turn;
  }

  #ask(requests: InputRequests): Promise<InputResponses> {
    this.#controller.signal.throwIfAborted();
    if (this.#question) {
      return Promise.reject(new Error('one question at a time: the one before is not answered'));
    }
    const answered = Promise.withResolvers<InputResponses>();
    this.#question = { requests, answered };
    this.#answer();
    return answered.promise;
  }

  /** Gives the question its answer where it is whole; else asks for what is missing. */
  #answer(): void {
    const question = this.#question;
    if (!question) return;
    const keys = Object.keys(question.requests);
    const missing = keys.filter((key) => !Object.hasOwn(this.#answers, key));
    if (missing.length === 0) {
      const answer = Object.fromEntries(keys.map((key) => [key, this.#answers[key]]));
      this.#question = undefined;
      this.#answers = {};
      this.#asked = Promise.withResolvers();
      question.answered.resolve(answer as InputResponses);
      return;
    }
    const requests = Object.fromEntries(missing.map((key) => [key, question.requests[key]]));
    this.#asked.resolve({ kind: 'asked', requests: requests as InputRequests });
  }
}

function overloaded(): ProtocolError {
  return mcpError(
    'overloaded',
    `${maxParkedCalls} calls wait for their callers' answers already: try again later`,
  );
}

function timer(run: () => void, ms: number): () => void {
  const started = setTimeout(run, ms);
  started.unref();
  return () => clearTimeout(started);
}
