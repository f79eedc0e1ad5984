import { type ParseJob, ParserThread, type ParserThreadOptions } from './parser-thread.ts';

/** Threads that parse files for all projects; a job goes to the one that has the fewest. */
export class ParserThreads implements AsyncDisposable {
  readonly #threads: readonly ParserThread[];
  readonly #jobs = new Map<ParserThread, number>();

  /** `count` threads at most, 1 or more; none runs before there is work for it. */
  constructor(count: number, options: ParserThreadOptions = {}) {
    this.#threads = Array.from({ length: count }, () => new ParserThread(options));
  }

  /** How many run at this moment. */
  get running(): number {
    return this.#threads.filter((thread) => thread.isRunning).length;
  }

  /** As `ParserThread.parse`. */
  async parse(job: ParseJob, signal: AbortSignal): Promise<void> {
    const thread = this.#idlest();
    this.#jobs.set(thread, this.#jobsOf(thread) + 1);
    try {
      await thread.parse(job, signal);
    } finally {
      this.#jobs.set(thread, this.#jobsOf(thread) - 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
  }

  #idlest(): ParserThread {
    return this.#threads.reduce((best, thread) =>
      this.#jobsOf(thread) < this.#jobsOf(best) ? thread : best,
    );
  }

  #jobsOf(thread: ParserThread): number {
    return this.#jobs.get(thread) ?? 0;
  }
}
