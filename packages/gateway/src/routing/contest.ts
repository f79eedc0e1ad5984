import { RpcError } from '@zeke/rpc';
import { Failures } from './failures.ts';
import type { Candidate } from './model-catalog.ts';

/** What an attempt knows of the contest that it takes part in. */
export interface Entry {
  /** Its answer counts when so many tokens of it are there, or all of it. */
  readonly minUsefulTokens: number;
  /** Aborts when another attempt has won, with the reason to write down. */
  readonly lost: AbortSignal;
  /** Called before an answer is given that has come to a good end and says nothing: it is of no use. */
  readonly endedEmpty?: () => void;
}

/** Who asks a candidate: resolves with an answer, rejects with RpcError. */
type AskInContest<T> = (candidate: Candidate, number: number, entry: Entry) => Promise<T>;

export interface ContestOptions<T> {
  /** In the order in which they are asked. */
  readonly candidates: readonly Candidate[];
  /** How many are asked at once; when one fails, the next takes its place. */
  readonly atOnce: number;
  /** How long each but the first waits for those before it to answer; 0: all begin at once. */
  readonly staggerMs: number;
  readonly minUsefulTokens: number;
  readonly client: AbortSignal;
  readonly ask: AskInContest<T>;
  /** Gives up an answer that came too late. */
  readonly discard: (answer: T) => void;
  /**
   * Where the first candidate's answer may be taken back for that of another: heard before it is given
   * out, while others still try. They go on until one of them answers or `giveUp` is called.
   */
  readonly onFirst?: (better: Better<T>) => void;
}

/** What may come after the first candidate's answer. */
export interface Better<T> {
  /** The next useful answer; undefined when there will be none. */
  readonly answer: Promise<T | undefined>;
  /** Cancels who still tries. */
  giveUp(): void;
}

/**
 * Several candidates answer at once; the first useful answer wins, whole and from its first token,
 * and all others are cancelled at once. Never are two answers mixed. One that says nothing wins only
 * where all others have failed or say nothing, too.
 * @throws RpcError of the kind that says most when all have failed, and when the client left. After an
 * error that is the caller's own nobody more is asked.
 */
export function contest<T>(options: ContestOptions<T>): Promise<T> {
  return new Contest(options).run();
}

class Contest<T> {
  readonly #options: ContestOptions<T>;
  readonly #result = Promise.withResolvers<T>();
  readonly #running = new Set<AbortController>();
  readonly #failures = new Failures();
  /** An error that is the caller's own, told where no other answer comes. */
  #own: RpcError | undefined;
  /** The first that says nothing, given out where no other answer comes. */
  #empty: { readonly answer: T } | undefined;
  #begun = 0;
  #decided = false;
  /** The first candidate has answered, and others may do better. */
  #better: PromiseWithResolvers<T | undefined> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ContestOptions<T>) {
    this.#options = options;
  }

  run(): Promise<T> {
    const { atOnce, candidates, staggerMs } = this.#options;
    const first = staggerMs > 0 ? 1 : Math.min(atOnce, candidates.length);
    for (let i = 0; i < first; i++) this.#begin();
    if (staggerMs > 0) this.#beginLater();
    return this.#result.promise;
  }

  #beginLater(): void {
    const { atOnce, candidates, staggerMs } = this.#options;
    if (this.#decided || this.#own || this.#running.size >= atOnce) return;
    if (this.#begun >= candidates.length) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#begin();
      this.#beginLater();
    }, staggerMs);
  }

  #begin(): void {
    const { ask, candidates, minUsefulTokens } = this.#options;
    const candidate = candidates[this.#begun];
    if (candidate === undefined || this.#decided || this.#own) return;
    this.#begun++;
    const controller = new AbortController();
    this.#running.add(controller);
    const number = this.#begun;
    let isEmpty = false;
    const endedEmpty = () => {
      isEmpty = true;
    };
    ask(candidate, number, { minUsefulTokens, lost: controller.signal, endedEmpty }).then(
      (answer) => {
        if (isEmpty) this.#endedEmpty(answer, controller);
        else this.#answered(answer, controller, number);
      },
      (reason: unknown) => this.#failed(RpcError.from(reason), candidate, controller),
    );
  }

  #answered(answer: T, controller: AbortController, number: number): void {
    if (this.#decided) {
      this.#options.discard(answer);
      return;
    }
    this.#running.delete(controller);
    if (number === 1 && this.#mayImprove()) {
      this.#improve();
      this.#discardEmpty();
      this.#result.resolve(answer);
      return;
    }
    this.#better?.resolve(answer);
    this.#decide(new RpcError('canceled', 'another candidate was quicker'));
    this.#discardEmpty();
    this.#result.resolve(answer);
  }

  #endedEmpty(answer: T, controller: AbortController): void {
    if (this.#decided || this.#better || this.#empty) this.#options.discard(answer);
    else this.#empty = { answer };
    if (this.#decided) return;
    this.#running.delete(controller);
    this.#goOn(new RpcError('canceled', 'no other answer came'));
  }

  #discardEmpty(): void {
    if (this.#empty) this.#options.discard(this.#empty.answer);
    this.#empty = undefined;
  }

  #mayImprove(): boolean {
    const { atOnce, candidates, onFirst } = this.#options;
    if (onFirst === undefined || this.#own || this.#better) return false;
    return this.#running.size > 0 || this.#begun < Math.min(atOnce, candidates.length);
  }

  #improve(): void {
    this.#better = Promise.withResolvers();
    this.#options.onFirst?.({
      answer: this.#better.promise,
      giveUp: () => {
        if (!this.#decided) this.#decide(new RpcError('canceled', 'the first answer was whole'));
        this.#better?.resolve(undefined);
      },
    });
  }

  #failed(error: RpcError, candidate: Candidate, controller: AbortController): void {
    if (this.#decided) return;
    this.#running.delete(controller);
    if (!this.#better && this.#options.client.aborted) {
      this.#decide(error);
      this.#discardEmpty();
      this.#result.reject(error);
      return;
    }
    if (!this.#better && !this.#failures.add(error, candidate)) this.#own ??= error;
    this.#goOn(error);
  }

  /** The next takes the place of one that has failed, or says nothing; the end where there is none. */
  #goOn(reason: RpcError): void {
    if (!this.#options.client.aborted) this.#begin();
    if (this.#options.staggerMs > 0 && !this.#better) this.#beginLater();
    if (this.#running.size > 0) return;
    this.#decide(reason);
    if (this.#better) this.#better.resolve(undefined);
    else if (this.#empty) this.#result.resolve(this.#empty.answer);
    else if (this.#own) this.#result.reject(this.#own);
    else this.#failures.toTell().then(this.#result.reject, this.#result.reject);
  }

  #decide(reason: RpcError): void {
    this.#decided = true;
    clearTimeout(this.#timer);
    for (const controller of this.#running) controller.abort(reason);
    this.#running.clear();
  }
}
