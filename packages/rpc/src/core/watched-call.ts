import { RpcError } from '../rpc-error.ts';
import type {
  ClientCall,
  ClientSink,
  OpenOptions,
  Peer,
  ServerCall,
  ServerSink,
  Trailer,
  Transport,
} from './call.ts';
import type { WrappedServerCall } from './call-values.ts';
import { Metadata } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import { openFenced } from './open-fenced.ts';
import { ownFault } from './own-fault.ts';
import { warn, warnOfHook } from './warn.ts';

/*
 * A call that passes everything on and lets a subclass watch: what interceptors that count, log,
 * trace or audit have in common. It is the call and its sink in one object, so that a watched call
 * costs one allocation. What `received` and `sent` throw ends this call, with an RpcError as it is;
 * what `ended` throws changes nothing, and the process is warned of it.
 */

/** The server's side. Make it, then give it to the next handler. */
export class WatchedServerCall implements WrappedServerCall, ServerSink {
  readonly wraps: ServerCall;
  sink: ServerSink = idleSink;
  #ended = false;

  constructor(call: ServerCall) {
    this.wraps = call;
    call.sink = this;
  }

  /** A message came in. */
  protected received(_bytes: Uint8Array): void {}
  /** A message goes out. */
  protected sent(_bytes: Uint8Array): void {}
  /** The call ends, with OK for undefined. Exactly once, before the peer is told. */
  protected ended(_error: RpcError | undefined): void {}

  get path(): string {
    return this.wraps.path;
  }

  get metadata(): Metadata {
    return this.wraps.metadata;
  }

  get deadlineAt(): number {
    return this.wraps.deadlineAt;
  }

  get peer(): Peer {
    return this.wraps.peer;
  }

  sendHeader(metadata: Metadata, compress?: boolean): void {
    this.wraps.sendHeader(metadata, compress);
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#ended) return true;
    try {
      this.sent(bytes);
    } catch (reason) {
      this.#breakOff(reason);
      return true;
    }
    return this.wraps.sendMessage(bytes, compress);
  }

  sendEnd(trailer: Trailer): void {
    this.#end(trailer.error);
    this.wraps.sendEnd(trailer);
  }

  pause(): void {
    this.wraps.pause();
  }

  resume(): void {
    this.wraps.resume();
  }

  onMessage(bytes: Uint8Array, compressed?: boolean): void {
    try {
      this.received(bytes);
    } catch (reason) {
      this.#breakOff(reason);
      return;
    }
    this.sink.onMessage(bytes, compressed);
  }

  onHalfClose(): void {
    this.sink.onHalfClose();
  }

  onCancel(error: RpcError): void {
    this.#end(error);
    this.sink.onCancel(error);
  }

  onWritable(): void {
    this.sink.onWritable();
  }

  onDrain(): void {
    this.sink.onDrain?.();
  }

  #end(error: RpcError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.ended(error);
    } catch (reason) {
      warnOfHook(`an interceptor at the end of ${this.path}`, reason);
    }
  }

  #breakOff(reason: unknown): void {
    if (!(reason instanceof RpcError)) warn('RpcHandler', `an interceptor of ${this.path}`, reason);
    const error = RpcError.from(reason);
    this.sendEnd({ error, metadata: Metadata.empty });
    this.sink.onCancel(error);
  }
}

/** The client's side. Make it with the caller's sink, then `open` it on the next transport. */
export class WatchedClientCall implements ClientCall, ClientSink {
  readonly #sink: ClientSink;
  #call: ClientCall | undefined;
  #ended = false;

  constructor(sink: ClientSink) {
    this.#sink = sink;
  }

  /** Opens the call behind this one. */
  open(next: Transport, method: MethodInfo, options: OpenOptions): this {
    this.#call = openFenced(next, method, options, this);
    return this;
  }

  /** A message came in. */
  protected received(_bytes: Uint8Array): void {}
  /** A message goes out. */
  protected sent(_bytes: Uint8Array): void {}
  /** The call has ended. Exactly once, before the caller is told. */
  protected ended(_trailer: Trailer): void {}

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#ended) return true;
    try {
      this.sent(bytes);
    } catch (cause) {
      this.cancel(ownFault('an interceptor of the client', cause));
      return true;
    }
    return this.#call?.sendMessage(bytes, compress) ?? false;
  }

  sendEnd(): void {
    this.#call?.sendEnd();
  }

  cancel(error: RpcError): void {
    this.#call?.cancel(error);
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  onHeader(metadata: Metadata): void {
    this.#sink.onHeader(metadata);
  }

  onMessage(bytes: Uint8Array, compressed?: boolean): void {
    try {
      this.received(bytes);
    } catch (cause) {
      this.cancel(ownFault('an interceptor of the client', cause));
      return;
    }
    this.#sink.onMessage(bytes, compressed);
  }

  onEnd(trailer: Trailer): void {
    this.#ended = true;
    try {
      this.ended(trailer);
    } catch (reason) {
      warnOfHook('an interceptor of the client at the end of a call', reason);
    }
    this.#sink.onEnd(trailer);
  }

  onWritable(): void {
    this.#sink.onWritable();
  }
}

/** Takes what comes and does nothing: for a call that has been refused, or has no handler yet. */
export const idleSink: ServerSink = {
  onMessage() {},
  onHalfClose() {},
  onCancel() {},
  onWritable() {},
};
