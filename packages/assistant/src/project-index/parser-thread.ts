import { RpcError } from '@zeke/rpc';
import type { FileOutcome, FileStamp } from './read-file-symbols.ts';
import type { ParseAnswer, ParseRequest, WorkerReady } from './worker-messages.ts';

export interface ParseJob {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly files: ParseRequest['files'];
  readonly cacheFile?: string;
  /** Called in the order of the files, with some at a time. */
  readonly onOutcomes: (outcomes: ParseAnswer['outcomes']) => void;
}

export interface ParserThreadOptions {
  /** How long the thread outlives its last work. Default 10,000 ms. */
  readonly idleMs?: number;
  /** Without an answer for so long a file is given up. Default 30,000 ms. */
  readonly stallMs?: number;
  /** Default: `parser-worker.ts`. */
  readonly workerUrl?: URL;
}

/** As many as one answer may stand for: the file that stalled is among them. */
const filesPerAnswer = 16;
/** In a row, without a file done between them: then something else is wrong than a file. */
const maxFruitlessStarts = 3;

interface RunningJob {
  readonly id: number;
  readonly job: ParseJob;
  /** Files that are not answered yet start here. */
  done: number;
  fruitlessStarts: number;
  readonly finished: PromiseWithResolvers<void>;
}

/**
 * One thread that parses files for all projects, job after job. It starts when there is work, ends when
 * there has been none for a while, which gives its memory back, and starts again after a crash, passing
 * over the file that did it.
 */
export class ParserThread implements AsyncDisposable {
  readonly #options: ParserThreadOptions;
  readonly #jobs = new Map<number, RunningJob>();
  #worker: Worker | undefined;
  #isReady = false;
  #idle: Timer | undefined;
  #stall: Timer | undefined;
  #lastId = 0;
  #isDisposed = false;

  constructor(options: ParserThreadOptions = {}) {
    this.#options = options;
  }

  /** False when nothing runs, and nothing is held. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Resolves when all outcomes were handed over. Throws `canceled`, or `unavailable` without a thread. */
  async parse(job: ParseJob, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isDisposed) throw canceled();
    const running: RunningJob = {
      id: ++this.#lastId,
      job,
      done: 0,
      fruitlessStarts: 0,
      finished: Promise.withResolvers<void>(),
    };
    this.#jobs.set(running.id, running);
    const onAbort = (): void => this.#end(running, canceled());
    signal.addEventListener('abort', onAbort, { once: true });
    clearTimeout(this.#idle);
    if (this.#worker === undefined) this.#start();
    else if (this.#isReady) this.#send(running);
    try {
      await running.finished.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const running of [...this.#jobs.values()]) this.#end(running, canceled());
    await this.#stop();
  }

  #start(): void {
    const url = this.#options.workerUrl ?? new URL('./parser-worker.ts', import.meta.url);
    const worker = new Worker(url.href, { smol: true });
    this.#worker = worker;
    this.#isReady = false;
    worker.onmessage = ({ data }: MessageEvent<WorkerReady | ParseAnswer>) => {
      if (worker !== this.#worker) return;
      if ('isReady' in data) this.#begin();
      else this.#take(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.#restart(0);
    };
    this.#watch();
  }

  #begin(): void {
    this.#isReady = true;
    for (const running of this.#jobs.values()) this.#send(running);
  }

  #send({ id, job, done }: RunningJob): void {
    const request: ParseRequest = {
      id,
      root: job.root,
      files: job.files.slice(done),
      // What a crash left half done is not the whole that a cache is written from.
      ...(done === 0 && job.cacheFile !== undefined && { cacheFile: job.cacheFile }),
    };
    this.#worker?.postMessage(request);
    this.#watch();
  }

  #take({ id, outcomes, isLast }: ParseAnswer): void {
    this.#watch();
    const running = this.#jobs.get(id);
    if (running === undefined) return;
    this.#hand(running, outcomes);
    if (isLast) this.#end(running);
  }

  #hand(running: RunningJob, outcomes: ParseAnswer['outcomes']): void {
    if (outcomes.length === 0) return;
    running.done += outcomes.length;
    running.fruitlessStarts = 0;
    running.job.onOutcomes(outcomes);
  }

  #end(running: RunningJob, error?: RpcError): void {
    if (!this.#jobs.delete(running.id)) return;
    if (error === undefined) running.finished.resolve();
    else {
      this.#worker?.postMessage({ cancel: running.id });
      running.finished.reject(error);
    }
    if (this.#jobs.size > 0) return;
    clearTimeout(this.#stall);
    const { idleMs = 10_000 } = this.#options;
    this.#idle = setTimeout(() => void this.#stop(), idleMs);
    this.#idle.unref();
  }

  /** The worker is gone or hangs; `lost` files of the job at hand are passed over. */
  #restart(lost: number): void {
    void this.#stop();
    const [running] = this.#jobs.values();
    if (running === undefined) return;
    const outcomes = running.job.files
      .slice(running.done, running.done + lost)
      .map(({ path }) => ({ path, outcome: tooSlow }));
    this.#hand(running, outcomes);
    if (running.done >= running.job.files.length) this.#end(running);
    else if (++running.fruitlessStarts > maxFruitlessStarts) {
      this.#end(
        running,
        new RpcError('unavailable', 'the thread that parses files does not start'),
      );
    }
    if (this.#jobs.size > 0) this.#start();
  }

  #watch(): void {
    clearTimeout(this.#stall);
    const { stallMs = 30_000 } = this.#options;
    this.#stall = setTimeout(() => this.#restart(this.#isReady ? filesPerAnswer : 0), stallMs);
    this.#stall.unref();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#idle);
    clearTimeout(this.#stall);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    await worker?.terminate();
  }
}

const noStamp: FileStamp = { size: 0, mtimeMs: 0 };
const tooSlow: FileOutcome = { kind: 'skipped', stamp: noStamp, reason: 'too-slow' };

function canceled(): RpcError {
  return new RpcError('canceled', 'parsing was canceled');
}
