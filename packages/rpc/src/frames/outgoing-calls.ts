import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { CallQueue } from '../core/call-queue.ts';
import type { MethodInfo } from '../core/method.ts';
import { neverBegan } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import { streamsBeforeSettings } from './frame.ts';
import type { FrameConnection } from './frame-connection.ts';
import type { FrameConnectionOptions } from './frame-connection-options.ts';
import { OutgoingCall } from './frame-stream.ts';
import { firstLane } from './lanes.ts';
import type { PeerSettings } from './payload.ts';

/**
 * The calls that this side of a connection has opened, and those that wait until the peer takes one
 * more.
 */
export class OutgoingCalls {
  /** By the numbers of their streams. */
  readonly open: Map<number, OutgoingCall> = new Map();
  /** No stream from this number on was opened yet, but for those of lanes. */
  nextStream: number;
  readonly #connection: FrameConnection;
  readonly #options: FrameConnectionOptions;
  /** How many may be open at once. */
  #max = streamsBeforeSettings;
  #queue: CallQueue | undefined;
  /** Opens what has waited. */
  readonly #opener: Transport = {
    open: (method, options, sink) => this.#begin(method, options, sink),
    close: () => Promise.resolve(),
  };

  /** `settings` of the peer, where they have come. */
  constructor(
    connection: FrameConnection,
    options: FrameConnectionOptions,
    settings: PeerSettings | undefined,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.nextStream = options.side === 'client' ? 1 : 2;
    if (settings !== undefined) this.limitTo(settings.maxStreams);
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#queue?.size ?? 0;
  }

  /** The peer has said how many calls it takes at once. */
  limitTo(maxStreams: number): void {
    this.#max = Math.min(maxStreams, this.#options.limits.maxStreams);
    this.#beginWaiting();
  }

  /** Opens a call, at once or when an earlier one has ended. */
  begin(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    if (this.open.size < this.#max) return this.#begin(method, options, sink);
    this.#queue ??= new CallQueue({
      limits: this.#options.limits,
      waitsFor: `for a free place on the connection to ${this.#options.peer.address}`,
      onLeft: (error) => {
        this.#connection.queueShrank();
        return error;
      },
    });
    return this.#queue.hold(method, options, sink);
  }

  /** It has ended: another one may begin. */
  forget(call: OutgoingCall): void {
    this.open.delete(call.id);
    if (this.#queue !== undefined) this.#beginWaiting();
  }

  /** Ends the calls that wait. */
  failWaiting(error: RpcError): void {
    this.#queue?.failAll(error);
  }

  #begin(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const { lanes, onActivity } = this.#options;
    let id = lanes?.open(method);
    if (id === undefined) {
      id = this.nextStream;
      this.nextStream += 2;
    }
    const call = new OutgoingCall(this.#connection, id, sink);
    this.open.set(id, call);
    onActivity?.();
    call.compression = options.compression;
    this.#connection.output.open(id, method.path, options);
    if (this.nextStream >= firstLane) {
      this.failWaiting(neverBegan(outOfNumbers));
      this.#connection.drain(outOfNumbers);
    }
    return call;
  }

  #beginWaiting(): void {
    const queue = this.#queue;
    while (queue !== undefined && queue.size > 0 && this.open.size < this.#max) {
      queue.beginNext(this.#opener);
    }
  }
}

const outOfNumbers = new RpcError('unavailable', 'no number is left for another stream');
