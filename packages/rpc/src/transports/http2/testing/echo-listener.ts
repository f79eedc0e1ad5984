import { type Listener, okTrailer, type ServerCall, type ServerSink } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';
import { frameFlag, frameType } from '../frame.ts';
import type { Http2Limits } from '../http2-limits.ts';
import { listenHttp2 } from '../listen-http2.ts';
import { block, frame, message, RawPeer, requestHeaders } from './raw-peer.ts';

/** A header block of a request, spelled out. */
export const head: Buffer = block(requestHeaders);
/** HEADERS that open stream 1. */
export const begun: Buffer = frame(frameType.headers, frameFlag.endHeaders, 1, head);
/** HEADERS that open stream 1 and end it. */
export const whole: Buffer = frame(
  frameType.headers,
  frameFlag.endHeaders | frameFlag.endStream,
  1,
  head,
);

/** A server on a free port that sends every message back; `/test.Service/Fail` is `not_found` at once. */
export class EchoListener {
  /** Calls that have begun and not ended. */
  open = 0;
  cancelled = 0;
  readonly #listener: Listener;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async start(limits: Partial<Http2Limits> = {}): Promise<EchoListener> {
    const box: { echo?: EchoListener } = {};
    const listener = await listenHttp2({
      host: '127.0.0.1',
      port: 0,
      limits,
      handler: (call) => {
        call.sink = new Echo(call, box.echo as EchoListener);
      },
    });
    box.echo = new EchoListener(listener);
    return box.echo;
  }

  /** With `hello` it has sent preface and empty SETTINGS. */
  async connect(hello = true): Promise<RawPeer> {
    return await RawPeer.connect(Number(new URL(this.#listener.address).port), hello);
  }

  /** @throws Error when calls have leaked. */
  async close(): Promise<void> {
    await this.#listener.close({ graceMs: 0 });
    if (this.open !== 0) throw new Error(`${this.open} calls have not ended`);
  }
}

/** Resolves with true when the connection still takes calls, and closes it. */
export async function isAlive(peer: RawPeer, stream = 9_999): Promise<boolean> {
  peer.send(
    peer.request(stream),
    frame(frameType.data, frameFlag.endStream, stream, message('ok')),
  );
  const answer = await peer.next((one) => one.type === frameType.data && one.stream === stream);
  peer.close();
  return answer?.payload.toString('latin1', 5) === 'ok';
}

class Echo implements ServerSink {
  readonly #call: ServerCall;
  readonly #listener: EchoListener;
  #isOver = false;

  constructor(call: ServerCall, listener: EchoListener) {
    this.#call = call;
    this.#listener = listener;
    listener.open++;
    if (call.path === '/test.Service/Fail') this.#end(new RpcError('not_found', 'no'));
  }

  onMessage(bytes: Uint8Array): void {
    if (!this.#call.sendMessage(bytes)) this.#call.pause();
  }

  onHalfClose(): void {
    this.#end(undefined);
  }

  onCancel(): void {
    this.#listener.cancelled++;
    this.#end(undefined);
  }

  onWritable(): void {
    this.#call.resume();
  }

  #end(error: RpcError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.open--;
    this.#call.sendEnd(error === undefined ? okTrailer : { error, metadata: Metadata.empty });
  }
}
