import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { type CancelTimes, cancelTimes } from './cancel-times.ts';
import type { EmulatorReport } from './emulator/emulator-process.ts';
import type {
  HoldJob,
  LoadCommand,
  LoadJob,
  LoadReply,
  LoadResult,
  ProbeJob,
  ProbeResult,
  StreamTime,
} from './load/load-job.ts';
import { cores, pinned } from './processes.ts';

/** What generator and emulator have seen of one measurement. */
export interface Measurement extends LoadResult {
  cancelled: CancelTimes;
}

/** How often the emulator is asked whether its last stream has ended, in milliseconds. */
const pollMs = 20;

/** The emulator and the generator, each a process of its own, both on the core that is not tested. */
export class Rig implements Disposable {
  readonly emulatorPort: number;
  readonly pids: readonly number[];
  readonly #emulator: Child;
  readonly #generator: Child;

  private constructor(emulator: Child, generator: Child, emulatorPort: number) {
    this.#emulator = emulator;
    this.#generator = generator;
    this.emulatorPort = emulatorPort;
    this.pids = [process.pid, emulator.pid, generator.pid];
  }

  static async start(): Promise<Rig> {
    const emulator = new Child('emulator/emulator-process.ts');
    const generator = new Child('load/load-process.ts');
    const { port } = (await emulator.next()) as { port: number };
    await generator.next();
    return new Rig(emulator, generator, port);
  }

  /** Throws at the first wrong answer. */
  async load(load: LoadJob): Promise<Measurement> {
    const reply = await this.#ask({ load });
    if ('loaded' in reply) {
      const { left } = reply.loaded;
      const cut = left.length === 0 ? [] : await this.#cutStreams();
      return { ...reply.loaded, cancelled: cancelTimes(left, cut) };
    }
    throw new Error('failed' in reply ? reply.failed : 'the generator answered something else');
  }

  async probe(probe: ProbeJob): Promise<ProbeResult> {
    const reply = await this.#ask({ probe });
    if ('probed' in reply) return reply.probed;
    throw new Error('failed' in reply ? reply.failed : 'the generator answered something else');
  }

  /** Opens streams and leaves them open; says how many are. */
  hold(hold: HoldJob): Promise<number> {
    return this.#held({ hold });
  }

  /**
   * Leaves all streams that are open. Says how many were, and of how many the provider saw the end
   * when none was open any more.
   */
  async letGo(): Promise<{ held: number; ended: number }> {
    const held = await this.#held('let go');
    return { held, ended: (await this.#cutStreams()).length };
  }

  async #held(command: LoadCommand): Promise<number> {
    const reply = await this.#ask(command);
    if ('held' in reply) return reply.held;
    throw new Error('failed' in reply ? reply.failed : 'the generator answered something else');
  }

  [Symbol.dispose](): void {
    this.#emulator.end();
    this.#generator.end();
  }

  /** Those that were cut since the last time, when none is under way: a stream ends by itself too. */
  async #cutStreams(): Promise<StreamTime[]> {
    const all: StreamTime[] = [];
    for (;;) {
      this.#emulator.send('report');
      const { streaming, cut } = (await this.#emulator.next()) as EmulatorReport;
      all.push(...cut);
      if (streaming === 0) return all;
      await Bun.sleep(pollMs);
    }
  }

  async #ask(command: LoadCommand): Promise<LoadReply> {
    this.#generator.send(command);
    return (await this.#generator.next()) as LoadReply;
  }
}

/** A script of ours that answers one message at a time. */
class Child {
  readonly #process: Subprocess;
  #next = Promise.withResolvers<unknown>();

  constructor(script: string) {
    const file = join(import.meta.dirname, script);
    this.#process = Bun.spawn(pinned(cores.rest, [process.execPath, file]), {
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (message) => this.#next.resolve(message),
      onExit: () => this.#next.reject(new Error(`${script} ended by itself`)),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  send(message: unknown): void {
    this.#process.send(message);
  }

  async next(): Promise<unknown> {
    const message = await this.#next.promise;
    this.#next = Promise.withResolvers();
    this.#next.promise.catch(() => {});
    return message;
  }

  end(): void {
    this.#process.kill();
  }
}
