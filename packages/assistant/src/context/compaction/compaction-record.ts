import type { ModelMessage } from '../../model/model-client.ts';

/**
 * How a long conversation is sent in short. The session keeps all its messages, and this beside them:
 * what is sent is `head`, then the messages from `covers` on, with the results of `cutCallIds` cut to
 * their head and tail. The newest record replaces the ones before; dropping it undoes it. Plain JSON.
 */
export interface CompactionRecord {
  /** How many messages, from the first, `head` stands for; 0 where results were only cut. */
  readonly covers: number;
  readonly head: readonly ModelMessage[];
  /** Tool calls from `covers` on whose results are cut. */
  readonly cutCallIds: readonly string[];
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}
