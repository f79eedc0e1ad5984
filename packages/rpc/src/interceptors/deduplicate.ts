import { createHash } from 'node:crypto';
import type { CallHandler, ServerCall } from '../core/call.ts';
import { type Clock, wheelClock } from '../core/clock.ts';
import { warnOfHook } from '../core/warn.ts';
import { type Code, RpcError } from '../rpc-error.ts';
import { refuseCall } from './admit-calls.ts';
import { identityOf } from './auth/identity.ts';
import { type Answer, FirstCall, RepeatedCall } from './deduplicated-call.ts';
import { idempotencyKey } from './idempotency-keys.ts';

export interface DeduplicateOptions {
  /** How long an answer is remembered, in milliseconds: 600,000. */
  readonly ttlMs?: number;
  /** Answers remembered and calls running at once: 10,000. The oldest answer gives way. */
  readonly maxEntries?: number;
  /** What all answers may take together, in bytes: 64 MiB. The oldest one gives way. */
  readonly maxBytes?: number;
  /** The longest answer that is remembered, in bytes: 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** Keys of different scopes are never the same: by default each caller has one. */
  readonly scopeOf?: (call: ServerCall) => string;
  /**
   * Which failures are remembered like a success. By default all but those after which the call may
   * be made again: errors marked `retryable`, `canceled`, `deadline_exceeded`, `unavailable`,
   * `resource_exhausted` and `aborted`.
   */
  readonly remembers?: (error: RpcError) => boolean;
  readonly clock?: Clock;
}

/** The longest key, in characters. */
const maxKeyLength = 256;

/** What an entry costs beside its messages. */
const entryOverheadBytes = 512;

/**
 * Runs calls with the same `idempotency-key` once: who comes while the first one runs waits for its
 * answer, who comes later gets what is remembered of it, as long as it is. A key belongs to its
 * caller and its method; with another request it is `invalid_argument`.
 *
 * A call whose connection breaks after its request is complete runs on, so that its repetition finds
 * the answer; one that its caller cancels is cancelled, unless another one waits for it. Of an answer
 * that is too long to be remembered only the fact remains, so that nothing runs twice: repetitions
 * are `failed_precondition`. Stands behind the interceptors that authenticate, and remembers in this
 * process only.
 */
export function deduplicate(options: DeduplicateOptions = {}): (next: CallHandler) => CallHandler {
  const table = new Deduplication(options);
  return (next) => (call) => table.handle(call, next);
}

const notRemembered: ReadonlySet<Code> = new Set<Code>([
  'canceled',
  'deadline_exceeded',
  'unavailable',
  'resource_exhausted',
  'aborted',
]);

/** All keys that are known. */
export class Deduplication {
  readonly #ttlMs: number;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #maxAnswerBytes: number;
  readonly #scopeOf: (call: ServerCall) => string;
  readonly #remembers: (error: RpcError) => boolean;
  readonly #clock: Clock;
  readonly #running = new Map<string, FirstCall>();
  /** Oldest first: all are kept for the same time. */
  readonly #answers = new Map<string, { readonly answer: Answer; readonly until: number }>();
  #bytes = 0;

  constructor(options: DeduplicateOptions) {
    this.#ttlMs = options.ttlMs ?? 600_000;
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.#maxAnswerBytes = (options.maxAnswerBytes ?? 1024 * 1024) + entryOverheadBytes;
    this.#scopeOf = options.scopeOf ?? callerOf;
    this.#remembers = options.remembers ?? mayRemember;
    this.#clock = options.clock ?? wheelClock;
  }

  /** Answers remembered and calls that run. */
  get size(): number {
    return this.#running.size + this.#answers.size;
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  handle(call: ServerCall, next: CallHandler): void {
    const key = call.metadata.get(idempotencyKey);
    if (key === undefined) {
      next(call);
      return;
    }
    if (key.length === 0 || key.length > maxKeyLength) {
      const message = `${idempotencyKey}: it must have from 1 to ${maxKeyLength} characters`;
      refuseCall(call, new RpcError('invalid_argument', message));
      return;
    }
    this.#forgetOld();
    const id = idOf(this.#scopeOf(call), call.path, key);
    const first = this.#running.get(id);
    const answer = this.#answers.get(id)?.answer;
    if (first !== undefined) first.join(new RepeatedCall(call));
    else if (answer !== undefined) new RepeatedCall(call).answerWith(answer);
    else this.#begin(id, call, next);
  }

  /** Makes room for so many bytes of an answer that is coming. False: it is too long. */
  take(bytes: number, taken: number): boolean {
    if (taken + bytes > this.#maxAnswerBytes) return false;
    while (this.#bytes + bytes > this.#maxBytes && this.#forgetOldest());
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** The first call with this key is over; without an answer it is as if it had never been made. */
  finish(id: string, answer: Answer | undefined): void {
    this.#running.delete(id);
    if (answer === undefined) return;
    if (answer.trailer.error !== undefined && !this.#isKept(answer.trailer.error)) {
      this.#bytes -= answer.bytes;
      return;
    }
    this.#answers.set(id, { answer, until: this.#clock.now() + this.#ttlMs });
  }

  #isKept(error: RpcError): boolean {
    try {
      return this.#remembers(error);
    } catch (reason) {
      warnOfHook('remembers of deduplicate', reason);
      return false;
    }
  }

  #begin(id: string, call: ServerCall, next: CallHandler): void {
    while (this.size >= this.#maxEntries && this.#forgetOldest());
    const first = new FirstCall(call, id, this);
    if (this.size >= this.#maxEntries || !first.reserve(entryOverheadBytes)) {
      const message = 'too many calls with an idempotency-key run at once; call again later';
      refuseCall(call, new RpcError('resource_exhausted', message, { retryable: true }));
      return;
    }
    this.#running.set(id, first);
    next(first);
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const { until } of this.#answers.values()) {
      if (until > now) return;
      this.#forgetOldest();
    }
  }

  /** False: there is none. */
  #forgetOldest(): boolean {
    for (const [id, { answer }] of this.#answers) {
      this.#answers.delete(id);
      this.#bytes -= answer.bytes;
      return true;
    }
    return false;
  }
}

function mayRemember(error: RpcError): boolean {
  return !error.retryable && !notRemembered.has(error.code);
}

/** Who calls: proved by an interceptor or the connection, else by what it shows to prove it. */
function callerOf(call: ServerCall): string {
  const identity = identityOf(call);
  if (identity !== undefined) return JSON.stringify([identity.scheme, identity.id]);
  const { certificate, process } = call.peer;
  const shown = ['authorization', 'x-api-key', 'cookie'].map((name) => call.metadata.get(name));
  return JSON.stringify([certificate?.fingerprint, process?.uid, ...shown]);
}

/** A digest, as a scope may hold a secret. */
function idOf(scope: string, path: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, path, key]))
    .digest('base64');
}
