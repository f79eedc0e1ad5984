import type { CallHandler, ServerCall, ServerSink } from '../../../core/call.ts';
import type { RpcError } from '../../../rpc-error.ts';

/** A call that a handler got, with what it was told. The test answers. */
export class RecordedCall implements ServerSink {
  readonly call: ServerCall;
  readonly messages: string[] = [];
  isHalfClosed = false;
  cancelledWith: RpcError | undefined;
  writable = 0;
  /** Called after each event. */
  onEvent: () => void = () => {};

  constructor(call: ServerCall) {
    this.call = call;
    call.sink = this;
  }

  onMessage(bytes: Uint8Array): void {
    if (this.isHalfClosed || this.cancelledWith) throw new Error('a message after the end');
    this.messages.push(Buffer.from(bytes).toString());
    this.onEvent();
  }

  onHalfClose(): void {
    if (this.isHalfClosed || this.cancelledWith) throw new Error('a second end');
    this.isHalfClosed = true;
    this.onEvent();
  }

  onCancel(error: RpcError): void {
    if (this.cancelledWith) throw new Error('cancelled twice');
    this.cancelledWith = error;
    this.onEvent();
  }

  onWritable(): void {
    this.writable++;
    this.onEvent();
  }

  /** Resolves once this is so, which an event must bring about. */
  async until(isSo: (call: this) => boolean): Promise<void> {
    while (!isSo(this)) {
      await new Promise<void>((resolve) => {
        this.onEvent = resolve;
      });
    }
  }
}

/** A handler whose calls the test gets, in their order. */
export class RecordingHandler {
  readonly calls: RecordedCall[] = [];
  readonly handler: CallHandler = (call) => {
    const recorded = new RecordedCall(call);
    this.calls.push(recorded);
    this.onCall(recorded);
  };
  readonly onCall: (call: RecordedCall) => void;

  /** `onCall` runs in the handler. */
  constructor(onCall: (call: RecordedCall) => void = () => {}) {
    this.onCall = onCall;
  }

  get call(): RecordedCall {
    const [call] = this.calls;
    if (call === undefined) throw new Error('no call has come');
    return call;
  }
}
