import {
  type CallHandler,
  okTrailer,
  type ServerCall,
  type ServerSink,
} from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';

/**
 * Answers calls in turn as handlers do: echo, an end at once, a failure, pauses, silence. It finds out
 * when a transport breaks the order in which a call's events come.
 */
export class StrictHandler {
  /** Calls that have begun and not ended. */
  open = 0;
  /** The first wrong thing that was seen. */
  fault: string | undefined;
  readonly #maxMessageBytes: number;
  #turn = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  readonly handler: CallHandler = (call) => {
    call.sink = new StrictCall(this, call, this.#turn++ % 6, this.#maxMessageBytes);
  };

  wrong(what: string): void {
    this.fault ??= what;
  }

  /** @throws Error that says what was wrong. */
  check(): void {
    if (this.fault !== undefined) throw new Error(this.fault);
    if (this.open !== 0) throw new Error(`${this.open} calls have no end`);
  }
}

class StrictCall implements ServerSink {
  readonly #owner: StrictHandler;
  readonly #call: ServerCall;
  readonly #kind: number;
  readonly #maxMessageBytes: number;
  #state: 'open' | 'half-closed' | 'over' = 'open';

  constructor(owner: StrictHandler, call: ServerCall, kind: number, maxMessageBytes: number) {
    this.#owner = owner;
    this.#call = call;
    this.#kind = kind;
    this.#maxMessageBytes = maxMessageBytes;
    owner.open++;
    // The call has its sink only when the handler is back.
    if (kind === 1 || kind === 2) queueMicrotask(() => this.#end());
    if (kind === 3) call.pause();
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#state === 'half-closed') this.#owner.wrong('a message after the half-close');
    if (bytes.length > this.#maxMessageBytes) this.#owner.wrong(`a message of ${bytes.length}`);
    if (this.#state === 'over') return;
    if (this.#kind === 0) this.#call.sendMessage(bytes);
    if (this.#kind !== 4) return;
    this.#call.pause();
    queueMicrotask(() => this.#call.resume());
  }

  onHalfClose(): void {
    if (this.#state === 'half-closed') this.#owner.wrong('a second half-close');
    if (this.#state !== 'open') return;
    this.#state = 'half-closed';
    if (this.#kind !== 5) this.#end();
  }

  onCancel(error: RpcError): void {
    if (this.#state === 'over') {
      this.#owner.wrong('cancelled after the end');
      return;
    }
    if (!(error instanceof RpcError)) this.#owner.wrong(`cancelled by ${String(error)}`);
    this.#over();
    this.#call.sendEnd(okTrailer);
  }

  onWritable(): void {}

  #end(): void {
    if (this.#state === 'over') return;
    this.#over();
    const refusal = new RpcError('not_found', 'no');
    this.#call.sendEnd(this.#kind === 2 ? { error: refusal, metadata: Metadata.empty } : okTrailer);
  }

  #over(): void {
    this.#state = 'over';
    this.#owner.open--;
  }
}
