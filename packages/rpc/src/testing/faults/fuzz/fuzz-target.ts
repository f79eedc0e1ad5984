import type { SeededRandom } from '../../../command/mock/seeded-random.ts';

/** One input, and what reads it. */
interface FuzzCase {
  readonly bytes: Uint8Array;
  /** @throws Error for anything but what bad input may do: an RpcError to who asked, a closed connection. */
  feed(): void | Promise<void>;
}

/** Something that reads bytes from outside. */
export interface FuzzTarget {
  /** The same for the same numbers. */
  prepare(random: SeededRandom): FuzzCase;
  /**
   * Called now and then, some turns of the event loop after an input.
   * @throws Error for what is left of inputs, such as handlers; timers are counted for all.
   */
  settled?(): void;
}
