import { numbered } from '../prompt-mark.ts';
import { percentiles } from '../statistics.ts';
import { ClientConnection, type RequestTimes } from './client-connection.ts';
import type { LoadJob, LoadResult, StreamTime } from './load-job.ts';
import { machineMs, processorMs } from './processor-time.ts';

/** How long answers under way may take after the measured time, in milliseconds. */
const tailMs = 10_000;

/** Of the last request that had one: no two of this process have the same. */
let lastNumber = 0;

/** Does one measurement. Throws at the first wrong byte or lost connection. */
export async function runLoad(job: LoadJob): Promise<LoadResult> {
  return new LoadRun(job).result;
}

class LoadRun {
  readonly result: Promise<LoadResult>;
  readonly #job: LoadJob;
  readonly #settle = Promise.withResolvers<LoadResult>();
  readonly #request: Buffer;
  readonly #connections = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Of the requests under way, where clients leave. */
  readonly #numbers = new Map<ClientConnection, number>();
  readonly #left: StreamTime[] = [];
  readonly #samples = { latency: [], firstToken: [], gap: [], lateness: [] } as Record<
    'latency' | 'firstToken' | 'gap' | 'lateness',
    number[]
  >;
  #requests = 0;
  #answers = 0;
  #running = 0;
  #measuring = false;
  #stopped = false;
  #from = { at: 0, counted: 0, own: 0, machine: 0 };
  #measured: Pick<LoadResult, 'seconds' | 'processorMs' | 'foreignShare'> | undefined;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#request = Buffer.from(job.request);
    this.result = this.#settle.promise;
    const { pace, leadInSeconds, seconds } = job;
    if (pace.kind === 'closed') {
      for (let made = 0; made < pace.connections; made++) this.#send(this.#connection());
    } else this.#sendAtRate(pace.perSecond);
    if (leadInSeconds === 0) this.#begin();
    else setTimeout(() => this.#begin(), leadInSeconds * 1_000);
    setTimeout(() => this.#stop(), (leadInSeconds + seconds) * 1_000);
  }

  #begin(): void {
    if (this.#stopped) return;
    this.#measuring = true;
    this.#from = this.#clocks();
  }

  /** Ends the measured time; answers under way are waited for, so that nothing disturbs the next. */
  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#measuring = false;
    const to = this.#clocks();
    const { at, counted, own, machine } = this.#from;
    const elapsed = to.at - at;
    this.#measured = {
      seconds: elapsed / 1_000,
      processorMs: to.counted - counted,
      foreignShare: Math.max(0, to.machine - machine - (to.own - own)) / elapsed,
    };
    if (this.#running === 0) this.#finish();
    else setTimeout(() => this.#fail(new Error('answers did not come to an end')), tailMs).unref();
  }

  #clocks() {
    const { countedPids, ownPids } = this.#job;
    return {
      at: performance.now(),
      counted: processorMs(countedPids),
      own: processorMs(ownPids),
      machine: machineMs(),
    };
  }

  #connection(): ClientConnection {
    const { port, expected, leaveAfter } = this.#job;
    const connection = new ClientConnection({
      port,
      expected,
      ...(leaveAfter === undefined ? {} : { leaveAfter }),
      onAnswer: (from, times) => this.#answered(from, times),
      onGap: (ms) => {
        if (this.#measuring) this.#samples.gap.push(ms);
      },
      onFault: (error) => this.#fail(error),
    });
    this.#connections.add(connection);
    return connection;
  }

  #send(connection: ClientConnection): void {
    this.#requests++;
    this.#running++;
    connection.send(this.#nextRequest(connection));
  }

  /** Where clients leave, each request has a number of its own, for the emulator to tell it by. */
  #nextRequest(connection: ClientConnection): Buffer {
    if (this.#job.leaveAfter === undefined) return this.#request;
    lastNumber++;
    this.#numbers.set(connection, lastNumber);
    return numbered(this.#request, lastNumber);
  }

  #answered(connection: ClientConnection, times: RequestTimes): void {
    this.#running--;
    if (this.#measuring) {
      this.#answers++;
      const { latency, firstToken } = this.#samples;
      latency.push(times.endedAt - times.sentAt);
      if (times.firstTokenAt > 0) firstToken.push(times.firstTokenAt - times.sentAt);
      const number = this.#numbers.get(connection);
      if (number !== undefined) this.#left.push({ number, atMs: times.leftAtMs });
    }
    if (this.#answers === this.#job.maxAnswers) this.#stop();
    if (this.#stopped) {
      if (this.#running === 0) this.#finish();
      return;
    }
    if (this.#job.pace.kind === 'closed') this.#send(connection);
    else this.#idle.push(connection);
  }

  /** Each request has its time; what the timer makes late is noted, and the request sent. */
  #sendAtRate(perSecond: number): void {
    const startedAt = performance.now();
    const everyMs = 1_000 / perSecond;
    let sent = 0;
    const tick = () => {
      if (this.#stopped) return;
      const now = performance.now();
      while (startedAt + sent * everyMs <= now) {
        if (this.#measuring) this.#samples.lateness.push(now - startedAt - sent * everyMs);
        this.#send(this.#idle.pop() ?? this.#connection());
        sent++;
      }
      setTimeout(tick, Math.max(0, startedAt + sent * everyMs - performance.now()));
    };
    tick();
  }

  #finish(): void {
    if (!this.#measured) return;
    this.#closeAll();
    this.#settle.resolve({
      ...this.#measured,
      answers: this.#answers,
      requests: this.#requests,
      latency: percentiles(this.#samples.latency),
      firstToken: percentiles(this.#samples.firstToken),
      gap: percentiles(this.#samples.gap),
      lateness: percentiles(this.#samples.lateness),
      left: this.#left,
    });
  }

  #fail(error: Error): void {
    this.#stopped = true;
    this.#measuring = false;
    this.#closeAll();
    this.#settle.reject(error);
  }

  #closeAll(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }
}
