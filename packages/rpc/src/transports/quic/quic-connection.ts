import type { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from '../../core/call.ts';
import type { RpcError } from '../../rpc-error.ts';
import { splitAlternativeNames } from '../../sockets/tls-session.ts';
import type { NodeQuicSession, NodeQuicStream } from './node-quic.ts';
import { abort, QuicByteStream } from './quic-stream.ts';

/** How long a stream that has ended waits for its connection's end, which follows some milliseconds later. */
const verdictMs = 100;

/** H3_REQUEST_REJECTED, for what no handler has seen (RFC 9114, 4.1.1). */
const requestRejected = 0x10b;

/** What the owner of a connection is told. */
export interface QuicConnectionHandler {
  /** The peer has opened a stream, bidirectional: who reads it. Undefined: nobody, it is reset. */
  onStream(id: number): QuicByteStream | undefined;
  /** Once, whoever closed it; `error` when it broke, or was closed with a code. */
  onClose(error: RpcError | undefined): void;
  /**
   * HTTP/3 only: the peer takes no stream after this one, whose number is -1 for all that are open,
   * and no new one.
   */
  onGoaway?(lastStream: number): void;
}

/** What is known of a connection's path and losses, for `/debug`; undefined once it is gone. */
export interface QuicStatistics {
  readonly smoothedRttMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
}

export interface QuicConnectionOptions {
  readonly session: NodeQuicSession;
  /** `127.0.0.1:4711`, the peer's. */
  readonly address: string;
  readonly isHttp: boolean;
  /** Turns what `node:quic` says about a broken connection into ours. */
  readonly explain: (error: unknown) => RpcError;
}

/** A QUIC connection of either side, from its first packet on. Nothing of it ever throws later. */
export class QuicConnection {
  /** `127.0.0.1:4711`, the peer's. */
  readonly address: string;
  handler: QuicConnectionHandler = unattached;
  readonly #session: NodeQuicSession;
  readonly #isHttp: boolean;
  readonly #explain: (error: unknown) => RpcError;
  /**
   * Who waits to hear why the connection has closed. A reaction to `session.closed` instead would keep
   * each of them, with its call, as long as the connection lives.
   */
  readonly #asking = new Set<() => void>();
  readonly #opening = new Set<QuicByteStream>();
  #error: RpcError | undefined;
  #isDraining = false;
  #isClosed = false;

  constructor({ session, address, isHttp, explain }: QuicConnectionOptions) {
    this.#session = session;
    this.#isHttp = isHttp;
    this.#explain = explain;
    this.address = address;
    session.onstream = (stream) => this.#accept(stream);
    session.ongoaway = (last) => this.handler.onGoaway?.(Number(last));
    session.closed.then(
      () => this.#closed(undefined),
      (error: unknown) => this.#closed(error),
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Verified in the handshake; undefined before its end, and where the peer has shown none. */
  get certificate(): PeerCertificate | undefined {
    const certificate = this.#session.peerCertificate;
    return certificate === undefined ? undefined : peerCertificate(certificate);
  }

  get statistics(): QuicStatistics | undefined {
    if (this.#isClosed) return undefined;
    const { smoothedRtt, bytesSent, bytesReceived, pktSent, pktLost } = this.#session.stats;
    return {
      smoothedRttMs: Number(smoothedRtt) / 1e6,
      bytesSent: Number(bytesSent),
      bytesReceived: Number(bytesReceived),
      packetsSent: Number(pktSent),
      packetsLost: Number(pktLost),
    };
  }

  /** Opens a stream; it may be written to at once, and waits where the peer allows no more streams. */
  openStream(): QuicByteStream {
    const stream = new QuicByteStream();
    this.#opening.add(stream);
    this.#session.createBidirectionalStream().then(
      (opened) => {
        this.#opening.delete(stream);
        stream.attach(opened, this.#isHttp, () => this.statistics?.smoothedRttMs ?? 0);
      },
      () => {
        this.#opening.delete(stream);
        stream.detach();
      },
    );
    return stream;
  }

  /** HTTP/3 only: sends GOAWAY, and closes when the open streams have ended. */
  drain(): void {
    if (this.#isClosed || this.#isDraining) return;
    this.#isDraining = true;
    this.#session.close().catch(ignore);
  }

  /**
   * Closes at once, with this code and reason for the peer. What it has not yet received of any
   * stream may be lost.
   */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    const how = { code, type: 'application', reason } as const;
    // A session that drains ignores another `close`: its peer would hear of nothing.
    if (this.#isDraining) this.#session.destroy(undefined, how);
    else this.#session.close(how).catch(ignore);
  }

  /**
   * Calls back with why the connection has closed, or with undefined when it is still there some
   * time after a stream of it has ended.
   */
  whyClosed(callback: (error: RpcError | undefined) => void): void {
    if (this.#isClosed) {
      callback(this.#error);
      return;
    }
    const tell = (): void => {
      clearTimeout(timer);
      this.#asking.delete(tell);
      callback(this.#error);
    };
    const timer = setTimeout(tell, verdictMs);
    this.#asking.add(tell);
  }

  #accept(opened: NodeQuicStream): void {
    opened.onerror = ignore;
    const isWanted = opened.direction === 'bidi' && !this.#isClosed;
    const stream = isWanted ? this.handler.onStream(Number(opened.id ?? 0)) : undefined;
    if (stream === undefined) abort(opened, this.#isHttp ? requestRejected : 0);
    else stream.attach(opened, this.#isHttp);
  }

  #closed(error: unknown): void {
    this.#isClosed = true;
    if (error !== undefined) this.#error = this.#explain(error);
    for (const stream of this.#opening) stream.detach();
    this.#opening.clear();
    this.handler.onClose(this.#error);
    for (const tell of this.#asking) queueMicrotask(tell);
  }
}

const unattached: QuicConnectionHandler = { onStream: () => undefined, onClose() {} };

function peerCertificate(certificate: X509Certificate): PeerCertificate {
  return {
    subject: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    alternativeNames: splitAlternativeNames(certificate.subjectAltName ?? ''),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function ignore(): void {}
