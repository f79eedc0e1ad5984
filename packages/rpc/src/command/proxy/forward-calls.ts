import {
  type CallHandler,
  type ClientCall,
  type ClientSink,
  okTrailer,
  type ServerCall,
  type ServerSink,
  type Trailer,
  type Transport,
} from '../../core/call.ts';
import type { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { Timed, timerWheel } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';

/**
 * Makes each call that comes in again on a transport, and passes everything on both ways as it is:
 * bytes, metadata, the deadline, the end of the requests, cancellation, and the status with its
 * details. Who sends faster than the other side takes is held back.
 */
export function forwardCalls(
  transport: Transport,
  methodOf: (path: string) => MethodInfo,
): CallHandler {
  return (call) => new ForwardedCall(call).open(transport, methodOf(call.path));
}

/** What comes from the caller goes on to the server. */
class ForwardedCall extends Timed implements ServerSink {
  readonly #call: ServerCall;
  #onward: ClientCall | undefined;

  constructor(call: ServerCall) {
    super();
    this.#call = call;
    call.sink = this;
  }

  open(transport: Transport, method: MethodInfo): void {
    const { metadata, deadlineAt } = this.#call;
    if (deadlineAt !== Number.POSITIVE_INFINITY) timerWheel.add(this, deadlineAt);
    const answer = new ForwardedAnswer(this.#call, () => timerWheel.remove(this));
    this.#onward = transport.open(method, { metadata, deadlineAt }, answer);
    answer.from = this.#onward;
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#onward?.sendMessage(bytes) === false) this.#call.pause();
  }

  onHalfClose(): void {
    this.#onward?.sendEnd();
  }

  onCancel(error: RpcError): void {
    timerWheel.remove(this);
    this.#onward?.cancel(error);
    // A transport counts the call as running until it is told that it is not.
    this.#call.sendEnd(okTrailer);
  }

  onWritable(): void {
    this.#onward?.resume();
  }

  override onDue(): void {
    const message = `${this.#call.path} took longer than its caller was ready to wait`;
    this.#onward?.cancel(new RpcError('deadline_exceeded', message));
  }
}

/** What comes from the server goes back to the caller. */
class ForwardedAnswer implements ClientSink {
  readonly #call: ServerCall;
  readonly #onEnd: () => void;
  from: ClientCall | undefined;

  constructor(call: ServerCall, onEnd: () => void) {
    this.#call = call;
    this.#onEnd = onEnd;
  }

  onHeader(metadata: Metadata): void {
    this.#call.sendHeader(metadata);
  }

  onMessage(bytes: Uint8Array): void {
    if (!this.#call.sendMessage(bytes)) this.from?.pause();
  }

  onEnd(trailer: Trailer): void {
    this.#onEnd();
    this.#call.sendEnd(trailer);
  }

  onWritable(): void {
    this.#call.resume();
  }
}
