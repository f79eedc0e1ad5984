import type {
  ClientCall,
  ClientSink,
  DisposableTransport,
  OpenOptions,
  Trailer,
} from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import type { RpcError } from '../rpc-error.ts';

/**
 * A transport whose peer is the test: it keeps each call that is opened, with what was sent, and
 * the test says what comes back. For peers that no real transport can be made to play.
 */
export class ScriptedTransport implements DisposableTransport {
  readonly calls: ScriptedCall[] = [];
  readonly #script: ((call: ScriptedCall) => void) | undefined;
  closed = false;

  /** `script` runs for each call, in a microtask after it was opened. */
  constructor(script?: (call: ScriptedCall) => void) {
    this.#script = script;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const call = new ScriptedCall(method, options, sink);
    this.calls.push(call);
    const script = this.#script;
    if (script !== undefined) queueMicrotask(() => script(call));
    return call;
  }

  /** The call of this number, from 0; the last one for -1. */
  call(index: number): ScriptedCall {
    const call = this.calls.at(index);
    if (call === undefined) throw new Error(`call ${index} was not opened`);
    return call;
  }

  /** The calls that have not ended. */
  get openCalls(): ScriptedCall[] {
    return this.calls.filter((call) => !call.ended);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A call at a `ScriptedTransport`. What the test says after the call's end is a fault of the test. */
export class ScriptedCall implements ClientCall {
  readonly method: MethodInfo;
  readonly options: OpenOptions;
  /** The messages that were sent, copied. */
  readonly sent: Uint8Array[] = [];
  /** What was said of each of them: whether it is compressed. */
  readonly compress: (boolean | undefined)[] = [];
  halfClosed = false;
  cancelledWith: RpcError | undefined;
  ended = false;
  paused = false;
  /** What `sendMessage` answers. */
  hasRoom = true;
  readonly #sink: ClientSink;

  constructor(method: MethodInfo, options: OpenOptions, sink: ClientSink) {
    this.method = method;
    this.options = options;
    this.#sink = sink;
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.ended) return true;
    if (this.halfClosed) throw new Error('a message was sent after the half-close');
    this.sent.push(bytes.slice());
    this.compress.push(compress);
    return this.hasRoom;
  }

  sendEnd(): void {
    if (this.ended) return;
    if (this.halfClosed) throw new Error('two half-closes were sent');
    this.halfClosed = true;
  }

  cancel(error: RpcError): void {
    if (this.ended) return;
    this.cancelledWith = error;
    this.end(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  header(metadata: Metadata = Metadata.empty): void {
    this.#mustBeOpen();
    this.#sink.onHeader(metadata);
  }

  /** The bytes are made unreadable afterwards, as lent ones may be. */
  message(bytes: Uint8Array): void {
    this.#mustBeOpen();
    if (this.paused) throw new Error('the test sends to a call that is paused');
    const lent = bytes.slice();
    this.#sink.onMessage(lent);
    lent.fill(0xee);
  }

  end(error?: RpcError, metadata: Metadata = Metadata.empty): void {
    this.#mustBeOpen();
    if (this.paused && error === undefined) throw new Error('the test ends a paused call with OK');
    this.ended = true;
    const trailer: Trailer = { error, metadata };
    this.#sink.onEnd(trailer);
  }

  /** There is room again. */
  writable(): void {
    this.#mustBeOpen();
    this.hasRoom = true;
    this.#sink.onWritable();
  }

  #mustBeOpen(): void {
    if (this.ended) throw new Error('the test goes on with a call that has ended');
  }
}
