import type { Contender } from './contenders/contender.ts';
import { expectedAnswer } from './expect-answers.ts';
import type { ExpectedAnswer } from './load/expected-answer.ts';
import type { LoadJob } from './load/load-job.ts';
import { processTree, residentMb } from './load/processor-time.ts';
import type { Measure } from './measures.ts';
import { requestText } from './requests.ts';
import type { Measurement, Rig } from './rig.ts';

/** Some put the time into an answer, in whole seconds: two answers must show that it varies. */
const clockStepMs = 1_100;

/** One contender in a run: what was sent to it, and how much memory it had. */
export class Session {
  readonly contender: Contender;
  /** Requests sent so far. */
  requests = 0;
  /** In MB: when it had started, the most after a measurement, and the last. */
  readonly memory: { before: number; most: number; last: number };
  readonly #rig: Rig;
  readonly #expected = new Map<Measure, ExpectedAnswer>();

  constructor(contender: Contender, rig: Rig) {
    this.contender = contender;
    this.#rig = rig;
    const before = residentMb(this.pids);
    this.memory = { before, most: before, last: before };
  }

  get pids(): number[] {
    return this.contender.pid === undefined ? [] : processTree(this.contender.pid);
  }

  /** Measures once. `ownPids` are the processes of all contenders. */
  async measure(
    measure: Measure,
    time: Pick<LoadJob, 'seconds' | 'leadInSeconds' | 'maxAnswers'>,
    ownPids: readonly number[],
  ): Promise<Measurement> {
    const { contender } = this;
    const { shape, pace, leaveAfter } = measure;
    const target = contender.target(shape);
    try {
      const result = await this.#rig.load({
        ...time,
        port: target.port,
        request: requestText(shape, target),
        expected: await this.#expectation(measure),
        pace,
        ...(leaveAfter === undefined ? {} : { leaveAfter }),
        countedPids: this.pids,
        ownPids: [...this.#rig.pids, ...ownPids],
      });
      this.requests += result.requests;
      this.noteMemory();
      return result;
    } catch (cause) {
      throw new Error(`${contender.title}: ${measure.title}: ${String(cause)}`, { cause });
    }
  }

  noteMemory(): number {
    const now = residentMb(this.pids);
    this.memory.last = now;
    this.memory.most = Math.max(this.memory.most, now);
    return now;
  }

  /** What every answer must be, learned from the first two. */
  async #expectation(measure: Measure): Promise<ExpectedAnswer> {
    const known = this.#expected.get(measure);
    if (known) return known;
    const { shape } = measure;
    const target = this.contender.target(shape);
    const probe = { port: target.port, request: requestText(shape, target) };
    const untouched = this.contender.untouched(shape);
    const one = await this.#rig.probe(probe);
    if (!untouched) await Bun.sleep(clockStepMs);
    const two = await this.#rig.probe(probe);
    this.requests += 2;
    const expected = expectedAnswer(shape, untouched, one, two);
    this.#expected.set(measure, expected);
    return expected;
  }
}
