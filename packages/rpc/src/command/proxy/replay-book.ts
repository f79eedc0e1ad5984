import { errorInfo } from '../../codec/error-details.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ReplayableCall } from '../recording/read-recording.ts';

/** How a call finds its recorded one: by its method and the bytes of its requests, or by its method. */
export type ReplayMatch = 'bytes' | 'method';

/** A recorded call, and how often it has answered. */
export interface ReplayEntry {
  readonly call: ReplayableCall;
  /** Calls that it answers or has answered. */
  uses: number;
}

/** What a call that looks for its recorded one has said and heard so far. */
export interface ReplayProgress {
  readonly requests: readonly Uint8Array[];
  readonly halfClosed: boolean;
  /** Responses that it has had, of `entry`. */
  readonly responses: number;
  readonly entry: ReplayEntry | undefined;
}

/** The calls of a recording by their methods. */
export class ReplayBook {
  readonly #byMethod = new Map<string, ReplayEntry[]>();
  readonly #match: ReplayMatch;
  readonly #name: string;

  /** `name` is the recording's, for messages. */
  constructor(calls: readonly ReplayableCall[], match: ReplayMatch, name: string) {
    this.#match = match;
    this.#name = name;
    for (const call of calls) {
      const entries = this.#byMethod.get(call.method) ?? [];
      entries.push({ call, uses: 0 });
      this.#byMethod.set(call.method, entries);
    }
  }

  /** How many calls there are of each method. */
  get methods(): readonly (readonly [path: string, count: number])[] {
    return [...this.#byMethod].map(([path, entries]) => [path, entries.length]);
  }

  /**
   * The recorded call that answers one: the one that has answered it so far as long as it fits, else the
   * first that has answered no other, else the last one that fits.
   * @throws RpcError not_found when none fits.
   */
  find(path: string, progress: ReplayProgress): ReplayEntry {
    const { entry } = progress;
    if (entry !== undefined && this.#fits(entry, progress)) return entry;
    const fitting = (this.#byMethod.get(path) ?? []).filter(
      (each) => this.#fits(each, progress) && saidTheSame(each, progress),
    );
    if (entry !== undefined) entry.uses--;
    const found = fitting.find(({ uses }) => uses === 0) ?? fitting.at(-1);
    if (found === undefined) throw this.#unmatched(path);
    found.uses++;
    return found;
  }

  #fits({ call }: ReplayEntry, { requests, halfClosed }: ReplayProgress): boolean {
    if (this.#match === 'bytes' && !beginsAs(call.requests, requests)) return false;
    const isSameLength = call.requests.length === requests.length;
    // A call that its server had ended before its requests did may be asked for longer now.
    if (!call.halfClosed && call.requests.length <= requests.length) {
      return isSameLength || !call.left;
    }
    return halfClosed ? call.halfClosed && isSameLength : call.requests.length >= requests.length;
  }

  #unmatched(path: string): RpcError {
    const known = this.#byMethod.get(path)?.length ?? 0;
    const why =
      known === 0
        ? `has no call of ${path.slice(1)}`
        : `has ${known} of ${path.slice(1)}, none of them with this request`;
    return new RpcError('not_found', `the recording ${this.#name} ${why}`, {
      details: [errorInfo({ reason: 'NOT_RECORDED', domain: 'zrpc' })],
    });
  }
}

/** Whether two lists are the same as far as both go. */
function beginsAs(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  return left.every((bytes, i) => {
    const other = right[i];
    return other === undefined || isEqual(bytes, other);
  });
}

/** Whether another call would have been answered the same so far. */
function saidTheSame(other: ReplayEntry, { entry, responses }: ReplayProgress): boolean {
  if (entry === undefined || responses === 0) return true;
  if (other.call.responses.length < responses) return false;
  return entry.call.responses
    .slice(0, responses)
    .every(({ bytes }, i) => isEqual(bytes, other.call.responses[i]?.bytes ?? noBytes));
}

const noBytes = new Uint8Array(0);

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
