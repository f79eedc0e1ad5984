import type { Logger, MetricFamily } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Greeting, SupervisorMessage, WorkerMessage } from './messages.ts';
import { Restarts } from './restarts.ts';

/** A process that was started; `exited` tells its exit code. */
export interface WorkerProcess {
  readonly pid: number;
  readonly exited: Promise<number>;
  send(message: SupervisorMessage): void;
  kill(): void;
}

export interface StartWorker {
  /** The first one serves what only one can: RPC. */
  readonly isFirst: boolean;
  /** The port of all; undefined for the first start, where the configuration says it. */
  readonly port: number | undefined;
  readonly onMessage: (message: WorkerMessage) => void;
}

export interface SupervisorOptions {
  /** How many workers there are to be. */
  readonly count: number;
  readonly start: (options: StartWorker) => WorkerProcess;
  readonly log: Logger;
  /** How long a worker may take to end by itself once it was asked, before it is killed. */
  readonly stopLimitMs: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** How long the workers may take to tell their metrics, in milliseconds; less than who asks waits. */
const gatherLimitMs = 1_500;

interface Worker {
  readonly process: WorkerProcess;
  isReady: boolean;
}

/** What one worker has asked of the others. */
interface Gathering {
  readonly families: (readonly MetricFamily[])[];
  readonly missing: Set<Worker>;
  readonly done: () => void;
}

/**
 * Starts several processes on one port and keeps them: one that ends is started again, ever later when
 * it ends ever again. Each is a zeke of its own; what they share is the database and Redis.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** By place; absent while one waits to be started again. */
  readonly #workers = new Map<number, Worker>();
  readonly #gatherings = new Map<number, Gathering>();
  readonly #restarts: Restarts;
  #port: number | undefined;
  #asked = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.now ?? (() => performance.now()));
  }

  /** Of the workers that run now. */
  get pids(): number[] {
    return [...this.#workers.values()].map(({ process }) => process.pid);
  }

  /**
   * Resolves when all are ready. The first is started alone: it finds the port, and brings the database
   * up to date. Throws `failed_precondition` when one ends before it is ready, which it has explained
   * itself; none is left then.
   */
  async start(): Promise<Greeting> {
    try {
      const greeting = await this.#launch(0);
      this.#port = Number(
        new URL(greeting.url).port || (greeting.url.startsWith('https') ? 443 : 80),
      );
      const others = Array.from({ length: this.#options.count - 1 }, (_, index) => index + 1);
      await Promise.all(others.map((place) => this.#launch(place)));
      return greeting;
    } catch (reason) {
      this.kill();
      throw reason;
    }
  }

  /** Each reads its configuration and certificates again. */
  reload(): void {
    this.#tell({ kind: 'reload' });
  }

  /** Asks all to end in good order. Resolves when they have. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends all at once. */
  kill(): void {
    this.#stopping ??= Promise.resolve();
    this.#restarts.cancel();
    for (const { process } of this.#workers.values()) process.kill();
  }

  async #stop(): Promise<void> {
    const { log, stopLimitMs } = this.#options;
    this.#restarts.cancel();
    const running = [...this.#workers.values()].map(({ process }) => process);
    log.info('stopping', { workers: running.map(({ pid }) => pid) });
    this.#tell({ kind: 'stop' });
    const timer = setTimeout(() => {
      log.error('workers did not end in time and are killed', { workers: this.pids });
      this.kill();
    }, stopLimitMs);
    await Promise.all(running.map(({ exited }) => exited));
    clearTimeout(timer);
  }

  /** Resolves when it is ready. */
  #launch(place: number): Promise<Greeting> {
    const { log, start } = this.#options;
    const ready = Promise.withResolvers<Greeting>();
    const process = start({
      isFirst: place === 0,
      port: this.#port,
      onMessage: (message) => {
        if (message.kind === 'ready') {
          worker.isReady = true;
          ready.resolve(message.greeting);
        } else this.#take(worker, message);
      },
    });
    const worker: Worker = { process, isReady: false };
    this.#workers.set(place, worker);
    this.#restarts.started(place);
    void process.exited.then((code) => {
      this.#workers.delete(place);
      for (const gathering of this.#gatherings.values()) this.#without(gathering, worker);
      ready.reject(new RpcError('failed_precondition', `a worker ended with code ${code}`));
      if (this.#stopping !== undefined || this.#port === undefined) return;
      const delayMs = this.#restarts.schedule(place, () => {
        this.#launch(place).catch(() => {});
      });
      log.error('a worker ended and is started again', { pid: process.pid, code, delayMs });
    });
    return ready.promise;
  }

  #take(worker: Worker, message: Exclude<WorkerMessage, { kind: 'ready' }>): void {
    if (message.kind === 'gather') {
      this.#gather(worker, message.id);
      return;
    }
    const gathering = this.#gatherings.get(message.id);
    if (gathering === undefined) return;
    gathering.families.push(message.families);
    this.#without(gathering, worker);
  }

  #gather(asking: Worker, askedAs: number): void {
    const id = ++this.#asked;
    const others = [...this.#workers.values()].filter((each) => each !== asking && each.isReady);
    const families: (readonly MetricFamily[])[] = [];
    const done = () => {
      clearTimeout(timer);
      if (!this.#gatherings.delete(id)) return;
      asking.process.send({ kind: 'gathered', id: askedAs, families });
    };
    const timer = setTimeout(done, gatherLimitMs);
    this.#gatherings.set(id, { families, missing: new Set(others), done });
    if (others.length === 0) done();
    for (const { process } of others) process.send({ kind: 'give', id });
  }

  #without(gathering: Gathering, worker: Worker): void {
    gathering.missing.delete(worker);
    if (gathering.missing.size === 0) gathering.done();
  }

  #tell(message: SupervisorMessage): void {
    for (const { process } of this.#workers.values()) process.send(message);
  }
}
