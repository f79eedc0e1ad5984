import { createPrivateKey } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { getCACertificates } from 'node:tls';
import type { RpcLimits } from '../../core/limits.ts';
import { monotonicNow, Timed, timerWheel } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import { checkTls } from '../../sockets/check-tls.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../sockets/socket.ts';
import {
  type NodeQuicHandshake,
  type NodeQuicIdentity,
  type NodeQuicSession,
  nodeQuic,
  type SocketAddress,
} from './node-quic.ts';
import { QuicConnection } from './quic-connection.ts';
import { certificateError, noAnswer, quicError } from './quic-errors.ts';

/** The runtime's own limit of connections. */
const maxConnections = 65_535;
/** The runtime's limit of an idle time, in seconds. */
const maxIdleSeconds = 600;

/** For the runtime to give a port back; what takes longer goes on by itself. */
const closeLimitMs = 200;
/** HTTP/3: fields that are no metadata, in bytes. */
const reservedHeaderBytes = 8_192;
const headerSlack = 4;
const maxHeaderPairs = 1_024;
/** TLS alerts as QUIC errors (RFC 8446, 6; RFC 9001, 4.8). */
const badCertificate = 0x12a;
const certificateRequired = 0x174;

export interface QuicListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: TlsServerOptions;
  /** For ALPN, and the scheme of addresses: `zrpc/1` and `quic`, or `h3` and `https`. */
  readonly protocol: string;
  readonly scheme: string;
  readonly limits: RpcLimits;
  /** Takes data that clients send with the first packet of a resumed connection (0-RTT). */
  readonly earlyData: boolean;
  /** A connection has finished its handshake; its handler is set before this returns. */
  accept(connection: QuicConnection): void;
  /** A connection has failed before that. */
  onRefused(error: RpcError): void;
}

export interface QuicListener {
  readonly address: string;
  readonly port: number;
  /** Lets no new connection in. */
  refuseNew(): void;
  /**
   * Ends what is left of its connections, and gives the port back; but the runtime keeps the port
   * while a handshake is under way that stays unfinished, to the end of its limit.
   */
  close(): Promise<void>;
}

/** @throws RpcError unavailable when the port cannot be had, invalid_argument for a faulty certificate. */
export async function listenQuicEndpoint(options: QuicListenOptions): Promise<QuicListener> {
  const { host, scheme, limits } = options;
  const quic = nodeQuic();
  checkTls(options.tls);
  const certificates = identity(options.tls.cert, options.tls.key);
  const address = await resolve(host, options.port);
  const endpoint = new quic.QuicEndpoint({
    address: addressText(address),
    maxConnectionsTotal: Math.min(limits.maxConnections, maxConnections),
    maxConnectionsPerHost: 0,
  });
  const failed = endpoint.closed.then(ignore, (error: unknown) => error);
  const sessions = new Set<NodeQuicSession>();
  const { withTunedSocket } = await import('./bun-udp-socket.ts');
  await withTunedSocket(() =>
    quic.listen(
      (session) => {
        sessions.add(session);
        const gone = (): boolean => sessions.delete(session);
        session.closed.then(gone, gone);
        handshake(session, options);
      },
      {
        endpoint,
        alpn: [options.protocol],
        sni: { '*': certificates },
        ...(options.tls.ca === undefined ? {} : { ca: [pem(options.tls.ca)], verifyClient: true }),
        enableEarlyData: options.earlyData,
        ...sessionOptions(limits),
      },
    ),
  );
  if (endpoint.destroyed) {
    const cause = await failed;
    const where = `${scheme}://${addressText(address)}`;
    const message = `cannot listen at ${where} over UDP, another process may have the port`;
    throw new RpcError('unavailable', message, { cause });
  }
  const port = endpoint.address?.port ?? options.port;
  return {
    address: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    refuseNew: () => void endpoint.close().catch(ignore),
    async close() {
      // So that its peers are told, which they are not when the endpoint goes first.
      await within(closeLimitMs, Promise.allSettled([...sessions].map((one) => one.closed)));
      endpoint.close().catch(ignore);
      await within(closeLimitMs, failed);
      // Not before: what the runtime then says of a close under way is an exception of nobody's.
      if (!endpoint.destroyed) endpoint.destroy();
    },
  };
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Every promise and callback of the session is taken care of here, whatever becomes of it. */
function handshake(session: NodeQuicSession, options: QuicListenOptions): void {
  // Without it one failing handshake ends the process. The reason comes with `opened`, too.
  session.onerror = ignore;
  session.closed.catch(ignore);
  const { handshakeTimeoutMs } = options.limits;
  const message = `the handshake took longer than ${handshakeTimeoutMs} ms, the limit handshakeTimeoutMs`;
  const timer = new HandshakeTimer(session, new RpcError('unavailable', message));
  timerWheel.add(timer, monotonicNow() + handshakeTimeoutMs);
  session.opened.then(
    () => {
      timerWheel.remove(timer);
      accept(session, options);
    },
    (error: unknown) => {
      timerWheel.remove(timer);
      options.onRefused(timer.isOver ? timer.error : quicError('a client', error));
    },
  );
}

/** The runtime's own limit does not end a handshake that has come half the way. */
class HandshakeTimer extends Timed {
  readonly error: RpcError;
  isOver = false;
  readonly #session: NodeQuicSession;

  constructor(session: NodeQuicSession, error: RpcError) {
    super();
    this.#session = session;
    this.error = error;
  }

  override onDue(): void {
    this.isOver = true;
    this.#session.destroy();
  }
}

function accept(session: NodeQuicSession, options: QuicListenOptions): void {
  if (session.destroyed) return;
  const address = addressText(session.path?.remote);
  const from = `the client at ${address}`;
  if (options.tls.ca !== undefined && session.peerCertificate === undefined) {
    const reason = 'a client certificate is needed';
    session.close({ code: certificateRequired, type: 'transport', reason }).catch(ignore);
    options.onRefused(new RpcError('unavailable', `${from} has shown no certificate`));
    return;
  }
  const connection = new QuicConnection({
    session,
    address,
    isHttp: options.scheme === 'https',
    explain: (error) => quicError(from, error),
  });
  options.accept(connection);
}

export interface QuicDialOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsClientOptions;
  readonly protocol: string;
  readonly scheme: string;
  readonly limits: RpcLimits;
  /** From an earlier connection to the same server. */
  readonly resume?: QuicResumption;
  /** With `resume`: what is sent before the end of the handshake goes with the first packet. */
  readonly earlyData?: boolean;
  /** The server has given something to resume with. It may come several times. */
  onResumption?(resumption: QuicResumption): void;
}

/** What a server gives for the next connection. Secret: whoever has the ticket can resume in its name. */
export interface QuicResumption {
  readonly ticket: Uint8Array;
  /** Proves the address, so that the server need not ask for that. */
  readonly token: Uint8Array | undefined;
}

/** A connection whose handshake is under way. */
export interface DialedQuic {
  readonly connection: QuicConnection;
  /**
   * Resolves with the end of the handshake. `earlyRefused`: what was sent before it is lost.
   * @throws RpcError unavailable that says why it failed.
   */
  readonly opened: Promise<{ readonly earlyRefused: boolean }>;
}

/** @throws RpcError unavailable when the name has no address, invalid_argument for a faulty certificate. */
export async function dialQuicEndpoint(options: QuicDialOptions): Promise<DialedQuic> {
  const { host, port, tls, limits, resume } = options;
  const quic = nodeQuic();
  checkTls(tls);
  const target = `${options.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const certificates =
    tls.cert === undefined || tls.key === undefined ? {} : identity(tls.cert, tls.key);
  const address = await resolve(host, port);
  let token = resume?.token;
  // Of its own: the runtime applies the limits of an endpoint's first connection to all of them.
  const endpoint = new quic.QuicEndpoint({
    address: address.family === 'ipv6' ? '[::]:0' : '0.0.0.0:0',
  });
  endpoint.closed.catch(ignore);
  const { withTunedSocket } = await import('./bun-udp-socket.ts');
  const sessionOf = (): Promise<NodeQuicSession> =>
    quic.connect(address, {
      endpoint,
      alpn: options.protocol,
      servername: tls.serverName ?? host,
      // The runtime checks a certificate's names, but not its addresses: `checkCertificate` does both.
      verifyPeer: 'manual',
      ca: tls.ca === undefined ? getCACertificates('default').map(pem) : [pem(tls.ca)],
      ...certificates,
      ...(resume === undefined ? {} : { sessionTicket: resume.ticket }),
      ...(token === undefined ? {} : { token }),
      enableEarlyData: options.earlyData ?? false,
      onerror: ignore,
      onnewtoken: (given: Uint8Array) => {
        token = given;
      },
      onsessionticket: (ticket: Uint8Array) => options.onResumption?.({ ticket, token }),
      ...sessionOptions(limits),
      keepAlive: limits.keepaliveIntervalMs,
    });
  const session = await withTunedSocket(sessionOf);
  session.closed.then(ignore, ignore).then(() => endpoint.close().catch(ignore), ignore);
  const connection = new QuicConnection({
    session,
    address: addressText(address),
    isHttp: options.scheme === 'https',
    explain: (error) => quicError(target, error),
  });
  const timer = new HandshakeTimer(session, noAnswer(target));
  timerWheel.add(timer, monotonicNow() + limits.handshakeTimeoutMs);
  const opened = session.opened.then(
    (info) => {
      timerWheel.remove(timer);
      checkCertificate(session, info, target, tls.serverName ?? host);
      return { earlyRefused: info.earlyDataAttempted && !info.earlyDataAccepted };
    },
    (error: unknown) => {
      timerWheel.remove(timer);
      throw timer.isOver ? timer.error : quicError(target, error);
    },
  );
  opened.catch(ignore);
  return { connection, opened };
}

/** @throws RpcError unavailable when the server is not who it should be; nothing has been sent then. */
function checkCertificate(
  session: NodeQuicSession,
  info: NodeQuicHandshake,
  target: string,
  name: string,
): void {
  const certificate = session.peerCertificate;
  let fault = info.validationErrorCode;
  if (fault === undefined) {
    const isNamed = isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name);
    if (isNamed !== undefined) return;
    fault = 'HOSTNAME_MISMATCH';
  }
  const reason = 'the certificate was refused';
  session.close({ code: badCertificate, type: 'transport', reason }).catch(ignore);
  throw certificateError(target, {
    errorCode: String(fault),
    errorReason: info.validationErrorReason ?? '',
    subject: certificate?.subject.replaceAll('\n', ', ') ?? 'without a name',
    names: certificate?.subjectAltName ?? 'none',
    validTo: certificate?.validTo ?? 'a date unknown',
  });
}

/** What `listen` and `connect` have in common. */
function sessionOptions(limits: RpcLimits): object {
  return {
    handshakeTimeout: limits.handshakeTimeoutMs,
    application: {
      // Above its own limit the runtime drops fields without a word; ours is checked, and said.
      maxHeaderLength: headerSlack * (limits.maxMetadataBytes + reservedHeaderBytes),
      maxHeaderPairs,
    },
    transportParams: {
      maxIdleTimeout: idleSeconds(limits),
      initialMaxStreamsBidi: limits.maxStreams + 1,
      initialMaxStreamsUni: 3,
      maxDatagramFrameSize: 0,
    },
  };
}

/**
 * A connection on which nothing comes for so long has lost its peer: clients ping. The end of one
 * without calls is the affair of who uses it.
 */
function idleSeconds(limits: RpcLimits): number {
  const { keepaliveIntervalMs, keepaliveTimeoutMs, idleTimeoutMs } = limits;
  if (keepaliveIntervalMs === 0 && idleTimeoutMs === 0) return maxIdleSeconds;
  const silentMs =
    keepaliveIntervalMs === 0 ? idleTimeoutMs : keepaliveIntervalMs + keepaliveTimeoutMs;
  return Math.min(maxIdleSeconds, Math.max(1, Math.ceil(silentMs / 1_000)));
}

function identity(cert: string, key: string): NodeQuicIdentity {
  return { keys: [createPrivateKey(key)], certs: [pem(cert)] };
}

async function resolve(host: string, port: number): Promise<SocketAddress> {
  const family = isIP(host);
  if (family !== 0) return { address: host, port, family: family === 6 ? 'ipv6' : 'ipv4' };
  try {
    const found = await lookup(host);
    return { address: found.address, port, family: found.family === 6 ? 'ipv6' : 'ipv4' };
  } catch (cause) {
    const message = `the host ${host} has no address: check its name, and DNS`;
    throw new RpcError('unavailable', message, { cause, retryable: true });
  }
}

function pem(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `127.0.0.1:4711`, `[::1]:4711`. */
function addressText(address: SocketAddress | undefined): string {
  if (address === undefined) return 'an unknown address';
  const { address: host, port, family } = address;
  return family === 'ipv6' ? `[${host}]:${port}` : `${host}:${port}`;
}

function ignore(): void {}
