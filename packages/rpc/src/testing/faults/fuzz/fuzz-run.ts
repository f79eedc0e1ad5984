import { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { timerWheel } from '../../../core/timer-wheel.ts';
import type { FuzzTarget } from './fuzz-target.ts';

export interface FuzzOptions {
  readonly name: string;
  readonly target: FuzzTarget;
  readonly seed: number;
  /** The number of the first input, and how many there are. */
  readonly first: number;
  readonly count: number;
}

export interface FuzzDone {
  /** The input that took longest, and for how long. */
  readonly slowest: number;
  readonly slowestMs: number;
  readonly bytes: number;
}

/** Between two looks at what inputs have left behind. */
const inputsPerLook = 256;
const turnsPerLook = 4;
const shownBytes = 2_048;

/**
 * Gives a target inputs, each of which depends on the seed and its number alone.
 * @throws Error with the number and the bytes of the input that did what none may do.
 */
export async function fuzz({ name, target, seed, first, count }: FuzzOptions): Promise<FuzzDone> {
  const done = { slowest: first, slowestMs: 0, bytes: 0 };
  // Others in this process may have some.
  const timersBefore = timerWheel.size;
  for (let number = first; number < first + count; number++) {
    const { bytes, feed } = target.prepare(new SeededRandom(seed, name, number));
    const begun = performance.now();
    try {
      const wait = feed();
      if (wait !== undefined) await wait;
    } catch (cause) {
      throw new Error(describeInput(name, seed, number, bytes, cause), { cause });
    }
    const tookMs = performance.now() - begun;
    done.bytes += bytes.length;
    if (tookMs > done.slowestMs) {
      done.slowest = number;
      done.slowestMs = tookMs;
    }
    const isLast = number === first + count - 1;
    if (!isLast && number % inputsPerLook !== 0) continue;
    for (let i = 0; i < turnsPerLook; i++) await new Promise((resolve) => setImmediate(resolve));
    target.settled?.();
    const timers = timerWheel.size - timersBefore;
    if (timers > 0) throw new Error(`${name}: ${timers} timers are left`);
  }
  return done;
}

function describeInput(
  name: string,
  seed: number,
  number: number,
  bytes: Uint8Array,
  cause: unknown,
): string {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const hex = Buffer.from(bytes.subarray(0, shownBytes)).toString('hex');
  return `${name}: input ${number} of seed ${seed}, ${bytes.length} bytes ${hex}: ${text}`;
}
