import { RpcError } from '@zeke/rpc';
import { Failures } from '../failures.ts';
import type { Candidate } from '../model-catalog.ts';

export interface GatherOptions<T> {
  /** In the order in which they are asked, the best-ranked first. */
  readonly candidates: readonly Candidate[];
  /** How many are asked at once; when one fails, the next takes its place. */
  readonly atOnce: number;
  /** How long answers are waited for once one is there, from the start on; absent: until all came. */
  readonly waitMs?: number | undefined;
  readonly client: AbortSignal;
  /** `lost` aborts when the answer is not waited for any longer. Rejects with RpcError. */
  readonly ask: (candidate: Candidate, number: number, lost: AbortSignal) => Promise<T>;
}

/**
 * Asks several candidates at once and waits until all have answered or failed, or for `waitMs` where
 * one has answered by then, else for the first that does. Resolves with the answers, at least one, in
 * the order of the candidates.
 * @throws RpcError of the kind that says most when all have failed, and when the client left. After an
 * error that is the caller's own nobody more is asked.
 */
export function gather<T>(options: GatherOptions<T>): Promise<T[]> {
  return new Gathering(options).run();
}

class Gathering<T> {
  readonly #options: GatherOptions<T>;
  readonly #result = Promise.withResolvers<T[]>();
  readonly #running = new Set<AbortController>();
  /** By the place of their candidate. */
  readonly #answers: T[] = [];
  readonly #failures = new Failures();
  /** An error that is the caller's own, told where no answer comes. */
  #own: RpcError | undefined;
  #begun = 0;
  #late = false;
  #decided = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GatherOptions<T>) {
    this.#options = options;
  }

  run(): Promise<T[]> {
    const { atOnce, waitMs } = this.#options;
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.#waited(), waitMs);
    for (let i = 0; i < atOnce; i++) this.#begin();
    return this.#result.promise;
  }

  #begin(): void {
    const { ask, candidates } = this.#options;
    const candidate = candidates[this.#begun];
    if (candidate === undefined || this.#decided || this.#own) return;
    const place = this.#begun++;
    const controller = new AbortController();
    this.#running.add(controller);
    ask(candidate, this.#begun, controller.signal).then(
      (answer) => this.#answered(answer, place, controller),
      (reason: unknown) => this.#failed(RpcError.from(reason), candidate, controller),
    );
  }

  #answered(answer: T, place: number, controller: AbortController): void {
    if (this.#decided) return;
    this.#running.delete(controller);
    this.#answers[place] = answer;
    if (this.#late || this.#running.size === 0) this.#decide();
  }

  #failed(error: RpcError, candidate: Candidate, controller: AbortController): void {
    if (this.#decided) return;
    this.#running.delete(controller);
    if (this.#options.client.aborted) {
      this.#stop(error);
      this.#result.reject(error);
      return;
    }
    if (!this.#failures.add(error, candidate)) this.#own ??= error;
    this.#begin();
    if (this.#running.size === 0) this.#decide();
  }

  #waited(): void {
    this.#late = true;
    if (this.#answers.length > 0) this.#decide();
  }

  #decide(): void {
    this.#stop(new RpcError('canceled', 'the answer was not waited for any longer'));
    // A place without an answer is a hole, and is left out.
    const answers = this.#answers.filter(() => true);
    if (answers.length > 0) this.#result.resolve(answers);
    else if (this.#own) this.#result.reject(this.#own);
    else this.#failures.toTell().then(this.#result.reject, this.#result.reject);
  }

  #stop(reason: RpcError): void {
    this.#decided = true;
    clearTimeout(this.#timer);
    for (const controller of this.#running) controller.abort(reason);
    this.#running.clear();
  }
}
