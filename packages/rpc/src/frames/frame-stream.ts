import {
  type ClientCall,
  type ClientSink,
  type CompressionName,
  okTrailer,
  type Peer,
  type ServerCall,
  type ServerSink,
  type Trailer,
} from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import { ownFault } from '../core/own-fault.ts';
import { sinkFault } from '../core/sink-fault.ts';
import { RpcError } from '../rpc-error.ts';
import { frameHeaderBytes } from './frame.ts';
import type { FrameConnection } from './frame-connection.ts';

interface UnsentMessage {
  readonly bytes: Uint8Array;
  readonly compress: boolean | undefined;
}

interface UnreadMessage {
  readonly bytes: Uint8Array;
  readonly cost: number;
  readonly compressed: boolean;
}

/** What is common to the two sides of a call on own frames: credit, queues, pauses. */
export abstract class FrameStream {
  readonly id: number;
  protected readonly connection: FrameConnection;
  compression: CompressionName | undefined;
  /** MSG bytes that may still be begun; below zero after a message larger than the credit. */
  sendCredit: number;
  /** MSG bytes that have come and are not credited back, read or not. */
  received = 0;
  /** True from a `sendMessage` that answered false to the `onWritable` it promised. */
  wantsRoom = false;
  /** What the peer may send before it is given credit: grows while the reader keeps up. */
  windowBytes: number;
  #read = 0;
  #unsent: UnsentMessage[] | undefined;
  #endUnsent = false;
  #paused = false;
  /** The peer has said that no message follows. */
  #peerEnded = false;
  #unread: UnreadMessage[] | undefined;
  #unreadEnd: (() => void) | undefined;

  constructor(connection: FrameConnection, id: number) {
    this.connection = connection;
    this.id = id;
    this.sendCredit = connection.peerStreamWindowBytes;
    this.windowBytes = connection.limits.streamWindowBytes;
  }

  protected abstract deliver(bytes: Uint8Array, compressed: boolean): void;
  protected abstract writable(): void;
  protected abstract writeEnd(): void;
  /** Nothing more is sent or received. */
  abstract get over(): boolean;

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    while (this.#unread !== undefined && this.#unread.length > 0 && !this.#paused && !this.over) {
      const { bytes, cost, compressed } = this.#unread.shift() as UnreadMessage;
      this.deliver(bytes, compressed);
      this.#consume(cost);
    }
    if (this.#paused || this.over || this.#unreadEnd === undefined) return;
    const end = this.#unreadEnd;
    this.#unreadEnd = undefined;
    end();
  }

  /** A message has come, `compressed` or not. @throws RpcError internal after the peer's end. */
  receive(bytes: Uint8Array, cost: number, compressed: boolean): void {
    if (this.#peerEnded) throw wentOn(this.id);
    this.received += cost;
    if (this.#paused) {
      this.#unread ??= [];
      // A copy, since the chunk that it came in may be much larger and would live as long.
      this.#unread.push({ bytes: bytes.slice(), cost, compressed });
      return;
    }
    this.deliver(bytes, compressed);
    this.#consume(cost);
  }

  /** Calls `end` when all that came before is read. @throws RpcError internal for a second end. */
  receiveEnd(end: () => void): void {
    if (this.#peerEnded) throw wentOn(this.id);
    this.#peerEnded = true;
    if (this.#paused) this.#unreadEnd = end;
    else end();
  }

  protected send(bytes: Uint8Array, compress: boolean | undefined): boolean {
    if (this.#unsent === undefined && this.connection.maySend(this)) {
      this.connection.writeMessage(this, bytes, compress);
      if (this.connection.maySend(this)) return true;
    } else {
      this.#unsent ??= [];
      this.#unsent.push({ bytes: bytes.slice(), compress });
      this.connection.unsentBytes += bytes.length;
      if (this.connection.isFlooded) {
        this.fail(
          new RpcError(
            'resource_exhausted',
            'more was sent than the peer takes, beyond the limit maxQueuedBytes: wait for onWritable',
          ),
        );
        return true;
      }
    }
    this.connection.awaitRoom(this);
    return false;
  }

  protected sendEndInOrder(): void {
    if (this.#unsent === undefined) this.writeEnd();
    else this.#endUnsent = true;
  }

  /** There may be credit or room again. */
  flush(): void {
    while (this.#unsent !== undefined && this.connection.maySend(this)) {
      const { bytes, compress } = this.#unsent.shift() as UnsentMessage;
      this.connection.unsentBytes -= bytes.length;
      this.connection.writeMessage(this, bytes, compress);
      if (this.#unsent.length === 0) this.#unsent = undefined;
    }
    if (this.over) return;
    if (this.#unsent === undefined && this.#endUnsent) {
      this.#endUnsent = false;
      this.wantsRoom = false;
      this.writeEnd();
    } else if (this.#unsent === undefined && this.wantsRoom && this.connection.maySend(this)) {
      this.wantsRoom = false;
      this.writable();
    }
    if (this.wantsRoom && !this.over) this.connection.awaitRoom(this);
  }

  abstract fail(error: RpcError): void;

  /** Drops what is queued in both directions and gives its credit back to the connection. */
  protected release(): void {
    for (const { cost } of this.#unread ?? []) this.connection.consumed(cost);
    for (const { bytes } of this.#unsent ?? []) this.connection.unsentBytes -= bytes.length;
    this.#unread = undefined;
    this.#unsent = undefined;
    this.#unreadEnd = undefined;
    this.#endUnsent = false;
    this.wantsRoom = false;
    this.connection.forget(this);
  }

  #consume(cost: number): void {
    this.connection.consumed(cost);
    this.#read += cost;
    if (this.over || this.#read * 2 < this.windowBytes) return;
    this.received -= this.#read;
    const more = this.#paused ? 0 : this.#growth();
    this.windowBytes += more;
    this.connection.output.credit(this.id, this.#read + more);
    this.#read = 0;
  }

  /** No call has more than a quarter of its connection's credit, lest it stop the others. */
  #growth(): number {
    const room = (this.connection.limits.connectionWindowBytes >>> 2) - this.windowBytes;
    return Math.max(0, Math.min(room, this.windowBytes));
  }
}

function wentOn(stream: number): RpcError {
  return new RpcError('internal', `the peer went on with stream ${stream} after its end`);
}

/** What a message of this many bytes costs of the credits. */
export function messageCost(length: number): number {
  return length + frameHeaderBytes;
}

/** A call that this side opened. */
export class OutgoingCall extends FrameStream implements ClientCall {
  readonly #sink: ClientSink;
  #headerSeen = false;
  #sentEnd = false;
  #over = false;

  constructor(connection: FrameConnection, id: number, sink: ClientSink) {
    super(connection, id);
    this.#sink = sink;
  }

  override get over(): boolean {
    return this.#over;
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#over || this.#sentEnd) return true;
    const tooLong = this.connection.tooLong(bytes.length);
    if (tooLong === undefined) return this.send(bytes, compress);
    this.cancel(tooLong);
    return true;
  }

  sendEnd(): void {
    if (this.#over || this.#sentEnd) return;
    this.#sentEnd = true;
    this.sendEndInOrder();
  }

  cancel(error: RpcError): void {
    if (this.#over) return;
    this.connection.output.cancel(this.id, error);
    this.end({ error, metadata: Metadata.empty });
  }

  override fail(error: RpcError): void {
    this.cancel(error);
  }

  header(metadata: Metadata): void {
    if (this.#headerSeen) return;
    this.#headerSeen = true;
    try {
      this.#sink.onHeader(metadata);
    } catch (cause) {
      this.cancel(ownFault('the sink of a call', cause));
    }
  }

  /** The call is over; the sink learns why. */
  end(trailer: Trailer): void {
    if (this.#over) return;
    this.#over = true;
    this.release();
    this.#sink.onEnd(trailer);
  }

  protected override deliver(bytes: Uint8Array, compressed: boolean): void {
    if (!this.#headerSeen) this.header(Metadata.empty);
    if (this.#over) return;
    try {
      this.#sink.onMessage(bytes, compressed);
    } catch (cause) {
      this.cancel(ownFault('the sink of a call', cause));
    }
  }

  protected override writable(): void {
    this.#sink.onWritable();
  }

  protected override writeEnd(): void {
    this.connection.output.end(this.id);
  }
}

const unhandled: ServerSink = {
  onMessage() {},
  onHalfClose() {},
  onCancel() {},
  onWritable() {},
};

/** A call that the peer opened. */
export class IncomingCall extends FrameStream implements ServerCall {
  readonly path: string;
  readonly metadata: Metadata;
  readonly deadlineAt: number;
  sink: ServerSink = unhandled;
  #headerSent = false;
  #trailer: Trailer | undefined;
  #over = false;
  #isHandled = false;

  constructor(
    connection: FrameConnection,
    id: number,
    path: string,
    metadata: Metadata,
    deadlineAt: number,
  ) {
    super(connection, id);
    this.path = path;
    this.metadata = metadata;
    this.deadlineAt = deadlineAt;
  }

  get peer(): Peer {
    return this.connection.peer;
  }

  override get over(): boolean {
    return this.#over;
  }

  sendHeader(metadata: Metadata): void {
    if (this.#over || this.#headerSent) return;
    this.#headerSent = true;
    if (metadata.size > 0) this.connection.output.header(this.id, metadata);
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.#over || this.#trailer !== undefined) return true;
    this.#headerSent = true;
    const tooLong = this.connection.tooLong(bytes.length);
    if (tooLong === undefined) return this.send(bytes, compress);
    this.fail(tooLong);
    return true;
  }

  sendEnd(trailer: Trailer): void {
    if (this.#over) {
      this.#handled();
      return;
    }
    if (this.#trailer !== undefined) return;
    this.#trailer = trailer;
    this.sendEndInOrder();
  }

  override fail(error: RpcError): void {
    this.#trailer = { error, metadata: Metadata.empty };
    this.writeEnd();
    this.sink.onCancel(error);
  }

  halfClose(): void {
    if (this.#over) return;
    try {
      this.sink.onHalfClose();
    } catch (reason) {
      this.threw(reason);
    }
  }

  /** The handler, or its sink, threw. */
  threw(reason: unknown): void {
    const error = sinkFault(this.path, reason);
    if (!this.#over) this.fail(error);
  }

  /** This side takes no further call. */
  draining(): void {
    if (!this.#over) this.sink.onDrain?.();
  }

  /** The peer has cancelled it, or is gone. */
  cancelled(error: RpcError): void {
    if (this.#over) return;
    this.#over = true;
    const answered = this.#trailer !== undefined;
    this.release();
    if (answered) this.#handled();
    else this.sink.onCancel(error);
  }

  protected override deliver(bytes: Uint8Array, compressed: boolean): void {
    try {
      this.sink.onMessage(bytes, compressed);
    } catch (reason) {
      this.threw(reason);
    }
  }

  protected override writable(): void {
    this.sink.onWritable();
  }

  protected override writeEnd(): void {
    this.#over = true;
    this.connection.output.trailer(this.id, this.#trailer ?? okTrailer, 0);
    this.release();
    this.#handled();
  }

  /** Until its handler is done, a cancelled call still counts as one of the peer's. */
  #handled(): void {
    if (this.#isHandled) return;
    this.#isHandled = true;
    this.connection.handlerEnded();
  }
}
