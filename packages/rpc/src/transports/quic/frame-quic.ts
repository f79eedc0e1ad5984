import { compressor } from '../../compression/compressors.ts';
import type { CallHandler, Peer } from '../../core/call.ts';
import type { RpcLimits } from '../../core/limits.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { monotonicNow, Timed, timerWheel } from '../../core/timer-wheel.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { IncomingCall } from '../../frames/frame-stream.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';
import { RpcError } from '../../rpc-error.ts';
import type { QuicConnection, QuicConnectionHandler } from './quic-connection.ts';
import { QuicLanes } from './quic-lanes.ts';
import { QuicByteStream, type QuicStreamHandler } from './quic-stream.ts';

/** The application error codes of CONNECTION_CLOSE. */
const closeCode = { inOrder: 0, givenUp: 1 } as const;
/** For the peer to end its side once this one has ended its own and has all it wants, in milliseconds. */
const clientLingerMs = 1_000;

export interface FrameQuicOptions {
  readonly quic: QuicConnection;
  readonly side: 'client' | 'server';
  readonly limits: RpcLimits;
  readonly handler?: CallHandler;
  /** Unary calls that have a stream of their own all the same. */
  readonly opensEarly?: (method: MethodInfo) => boolean;
  /** The paths whose calls may come as early data; those of others are refused. */
  readonly earlyMethods?: (path: string) => boolean;
}

/**
 * The own frames over a QUIC connection: the connection's first stream, which the client opens,
 * carries SETTINGS, PING, GOAWAY and all unary calls; every other call has a stream of its own.
 */
export function frameQuic(options: FrameQuicOptions): {
  readonly connection: FrameConnection;
  readonly lanes: QuicLanes;
} {
  const { quic, side, limits } = options;
  const lanes = new QuicLanes(quic, side, options.opensEarly);
  const stream = side === 'client' ? quic.openStream() : new QuicByteStream();
  const link = new MainLink(quic, lanes, stream, {
    side,
    lingerMs: side === 'client' ? clientLingerMs : limits.keepaliveTimeoutMs,
  });
  const { certificate } = quic;
  const peer: Peer = {
    transport: 'quic',
    address: quic.address,
    ...(certificate === undefined ? {} : { certificate }),
  };
  const connection = new FrameConnection({
    link,
    lanes,
    side,
    limits,
    peer,
    compressor,
    ...(options.handler === undefined ? {} : { handler: guarded(options.handler, lanes, options) }),
  });
  lanes.connection = connection;
  link.connection = connection;
  stream.handler = link;
  quic.handler = link;
  return { connection, lanes };
}

/** Early data is only taken for the methods that may be repeated. */
function guarded(
  handler: CallHandler,
  lanes: QuicLanes,
  { earlyMethods }: FrameQuicOptions,
): CallHandler {
  if (earlyMethods === undefined) return handler;
  return (call) => {
    const isEarly = call instanceof IncomingCall && lanes.streamOf(call.id)?.isEarly === true;
    if (!isEarly || earlyMethods(call.path)) {
      handler(call);
      return;
    }
    const message = `${call.path} came before the end of the handshake: send it again after that`;
    const error = new RpcError('unavailable', message, { retryable: true });
    call.sendEnd({ error, metadata: Metadata.empty });
  };
}

/** The first stream, and the end of the whole connection. */
class MainLink extends Timed implements FrameLink, QuicStreamHandler, QuicConnectionHandler {
  connection: FrameConnection | undefined;
  readonly #quic: QuicConnection;
  readonly #lanes: QuicLanes;
  readonly #stream: QuicByteStream;
  readonly #isServer: boolean;
  readonly #lingerMs: number;
  #isReady = false;

  constructor(
    quic: QuicConnection,
    lanes: QuicLanes,
    stream: QuicByteStream,
    { side, lingerMs }: { readonly side: 'client' | 'server'; readonly lingerMs: number },
  ) {
    super();
    this.#quic = quic;
    this.#lanes = lanes;
    this.#stream = stream;
    this.#isServer = side === 'server';
    this.#lingerMs = lingerMs;
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  write(bytes: Uint8Array, start?: number, end?: number): boolean {
    return this.#stream.write(bytes, start, end);
  }

  /** The client closes the connection when it has read the server's end, so that nothing is lost. */
  end(): void {
    this.#stream.end();
    timerWheel.add(this, monotonicNow() + this.#lingerMs);
  }

  destroy(): void {
    this.#quic.close(closeCode.givenUp, 'the connection was given up');
  }

  override onDue(): void {
    this.#quic.close(closeCode.inOrder, '');
  }

  onStream(id: number): QuicByteStream | undefined {
    return this.#isServer && id === 0 ? this.#stream : this.#lanes.accept();
  }

  onData(bytes: Uint8Array): void {
    const { connection } = this;
    connection?.receive(bytes);
    if (this.#isReady || connection?.isReady !== true) return;
    this.#isReady = true;
    this.#lanes.ready();
  }

  onDrain(): void {
    this.connection?.linkDrained();
  }

  onEnd(): void {
    const { connection } = this;
    if (connection === undefined) return;
    if (!connection.acceptsCalls && connection.openCalls === 0) {
      if (!this.#isServer) this.#quic.close(closeCode.inOrder, '');
      return;
    }
    this.#quic.whyClosed((error) => {
      connection.linkClosed(error);
      this.#quic.close(closeCode.inOrder, '');
    });
  }

  onReset(): void {
    this.destroy();
  }

  onClose(error: Parameters<QuicConnectionHandler['onClose']>[0]): void {
    timerWheel.remove(this);
    this.connection?.linkClosed(error);
  }
}
