import type { ServerCall } from '../../core/call.ts';
import { CallKey, setCallValue } from '../../core/call-values.ts';
import type { ServerInterceptor } from '../../core/server.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { WatchedServerCall } from '../../core/watched-call.ts';
import type { RpcError } from '../../rpc-error.ts';
import { formatMicroseconds } from '../duration.ts';
import type { Styles } from '../output.ts';
import { printable } from '../printable.ts';

/** What who answers a call may say about it in the log. */
export interface CallNote {
  text: string;
}

export const callNote: CallKey<CallNote> = new CallKey<CallNote>('note of the log');

/** A call that has ended. */
export interface CallSummary {
  readonly path: string;
  readonly transport: string;
  readonly requests: number;
  readonly responses: number;
  readonly durationMs: number;
  readonly error: RpcError | undefined;
  readonly note: string;
}

/** A server interceptor that tells of each call when it has ended. */
export function logCalls(onEnd: (call: CallSummary) => void): ServerInterceptor {
  return (next) => (call) => next(new LoggedCall(call, onEnd));
}

/** `19:04:11.123 unix shop.v1.Orders/GetOrder ok 1→1 12.3 ms orders.yaml:4` */
export function formatCall(call: CallSummary, at: Date, styles: Styles): string {
  const { path, transport, requests, responses, durationMs, error, note } = call;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => two(part)).join(':');
  const status =
    error === undefined
      ? styles.green('ok')
      : styles.red(`${error.code}: ${printable(error.message)}`);
  const parts = [
    styles.dim(`${time}.${String(at.getMilliseconds()).padStart(3, '0')}`),
    styles.dim(transport),
    styles.bold(printable(path.slice(1))),
    status,
    `${requests}→${responses}`,
    styles.dim(formatMicroseconds(durationMs * 1_000)),
    ...(note === '' ? [] : [styles.dim(note)]),
  ];
  return parts.join(' ');
}

class LoggedCall extends WatchedServerCall {
  readonly #onEnd: (call: CallSummary) => void;
  readonly #note: CallNote = { text: '' };
  readonly #beganAt = monotonicNow();
  #requests = 0;
  #responses = 0;

  constructor(call: ServerCall, onEnd: (call: CallSummary) => void) {
    super(call);
    this.#onEnd = onEnd;
    setCallValue(call, callNote, this.#note);
  }

  protected override received(): void {
    this.#requests++;
  }

  protected override sent(): void {
    this.#responses++;
  }

  protected override ended(error: RpcError | undefined): void {
    this.#onEnd({
      path: this.path,
      transport: this.peer.transport,
      requests: this.#requests,
      responses: this.#responses,
      durationMs: monotonicNow() - this.#beganAt,
      error,
      note: this.#note.text,
    });
  }
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
