import { expose, type MetricFamily, type Metrics, mergeFamilies } from '@zeke/foundation';
import type { Greeting, SupervisorMessage, WorkerMessage } from './messages.ts';

/** How long the other workers may take to tell their metrics, in milliseconds. */
const gatherLimitMs = 2_000;

/** A process that talks with the one that has started it. */
export interface WorkerChannel {
  send(message: WorkerMessage): void;
  onMessage(take: (message: SupervisorMessage) => void): void;
  /** The supervisor is gone, in whatever way. */
  onClose(act: () => void): void;
}

export interface WorkerEvents {
  reload(): void;
  /** It is asked to end, or nobody is there any more who would. */
  stop(): void;
}

/** A worker's side of what it and its supervisor say to each other. */
export class WorkerLink {
  readonly #channel: WorkerChannel;
  readonly #waiting = new Map<number, (families: readonly (readonly MetricFamily[])[]) => void>();
  #metrics: Pick<Metrics, 'families'> | undefined;
  #asked = 0;

  constructor(channel: WorkerChannel, events: WorkerEvents) {
    this.#channel = channel;
    channel.onMessage((message) => this.#take(message, events));
    channel.onClose(() => events.stop());
  }

  ready(greeting: Greeting): void {
    this.#channel.send({ kind: 'ready', greeting });
  }

  /**
   * The same metrics, whose text is that of all workers. What is sent to a collector stays this
   * process's own: a collector adds up by itself.
   */
  shared(metrics: Metrics): Metrics {
    this.#metrics = metrics;
    return {
      counter: (options) => metrics.counter(options),
      gauge: (options) => metrics.gauge(options),
      histogram: (options) => metrics.histogram(options),
      observed: (options, read) => metrics.observed(options, read),
      families: () => metrics.families(),
      text: async (format = 'prometheus') => {
        const [own, others] = await Promise.all([metrics.families(), this.#gather()]);
        return expose(mergeFamilies([own, ...others]), format);
      },
    };
  }

  #take(message: SupervisorMessage, events: WorkerEvents): void {
    switch (message.kind) {
      case 'reload':
        events.reload();
        return;
      case 'stop':
        events.stop();
        return;
      case 'give':
        void this.#give(message.id);
        return;
      case 'gathered':
        this.#waiting.get(message.id)?.(message.families);
        return;
    }
  }

  async #give(id: number): Promise<void> {
    const families = (await this.#metrics?.families()) ?? [];
    this.#channel.send({ kind: 'families', id, families });
  }

  /** Those of the others; of none where the supervisor does not answer in time. */
  async #gather(): Promise<readonly (readonly MetricFamily[])[]> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<readonly (readonly MetricFamily[])[]>();
    const timer = setTimeout(() => resolve([]), gatherLimitMs);
    this.#waiting.set(id, resolve);
    this.#channel.send({ kind: 'gather', id });
    const families = await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    return families;
  }
}
