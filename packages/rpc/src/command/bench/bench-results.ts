import type { Code, RpcError } from '../../rpc-error.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What failed in one way. */
export interface FailureCount {
  readonly code: Code;
  count: number;
  /** Of the first. */
  readonly message: string;
}

/** What one run has measured. Calls that began in the warm-up are not in it. */
export class BenchResults {
  ok = 0;
  /** Calls that had not ended when the run was over, and were given up. */
  unfinished = 0;
  /** Calls of an open loop that were due and could not begin: too many were under way. */
  unsent = 0;
  messagesSent = 0;
  messagesReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** From when a call was due to its end, whatever that was. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  /** The same to its first message, of methods that answer with a stream. */
  readonly firstMessage: LatencyHistogram = new LatencyHistogram();
  /** Of a message and its answer, where calls are played as ping-pong. */
  readonly roundTrip: LatencyHistogram = new LatencyHistogram();
  /** How late calls began, which is this side's fault. */
  readonly lateness: LatencyHistogram = new LatencyHistogram();
  readonly #failures = new Map<Code, FailureCount>();

  failed({ code, message }: RpcError): void {
    const known = this.#failures.get(code);
    if (known === undefined) this.#failures.set(code, { code, count: 1, message });
    else known.count += 1;
  }

  /** The most frequent first. */
  get failures(): FailureCount[] {
    return [...this.#failures.values()].sort((left, right) => right.count - left.count);
  }

  get failedCount(): number {
    return this.failures.reduce((sum, { count }) => sum + count, 0);
  }
}
