import type { Socket, TLSOptions } from 'bun';
import { monotonicNow, Timed, timerWheel } from '../core/timer-wheel.ts';
import { RpcError } from '../rpc-error.ts';
import { checkTls } from './check-tls.ts';
import type { DialOptions, TlsClientOptions, TlsServerOptions, TlsSession } from './socket.ts';
import { type CertificateText, tlsSession } from './tls-session.ts';

/**
 * A TLS listener's options for Bun.
 * @throws RpcError invalid_argument that says which of its texts is at fault.
 */
export function bunServerTls(tls: TlsServerOptions): TLSOptions {
  checkTls(tls);
  return {
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    ...(tls.protocols === undefined ? {} : { ALPNProtocols: alpn(tls.protocols) }),
  };
}

/**
 * The same for `Bun.serve`.
 * @throws RpcError as `bunServerTls`; unimplemented with an authority: `Bun.serve` would check the
 * certificates of clients, and tell nobody whose they are.
 */
export function bunServeTls(tls: TlsServerOptions): TLSOptions {
  if (tls.ca === undefined) return bunServerTls(tls);
  throw new RpcError(
    'unimplemented',
    'Bun.serve cannot tell whose certificate a client has (tls.ca)',
  );
}

/**
 * A TLS client's options for Bun.
 * @throws RpcError as `bunServerTls`.
 */
export function bunClientTls(options: DialOptions, tls: TlsClientOptions): TLSOptions {
  checkTls(tls);
  const serverName = tls.serverName ?? ('path' in options ? 'localhost' : options.host);
  return {
    serverName,
    rejectUnauthorized: true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.protocols === undefined ? {} : { ALPNProtocols: alpn(tls.protocols) }),
  };
}

/** What the handshake agreed on; the certificate only where it was verified. */
export function bunTlsSession<T>(raw: Socket<T>): TlsSession {
  const certificate = raw.authorized ? (raw.getPeerCertificate() as CertificateText) : undefined;
  return tlsSession(raw.alpnProtocol, certificate);
}

/** The TLS handshakes of a listener that are not over: their number and their time are bounded. */
export class TlsHandshakes {
  readonly #timeoutMs: number;
  readonly #max: number;
  readonly #open = new Map<object, Handshake>();

  constructor(tls: TlsServerOptions) {
    this.#timeoutMs = tls.handshakeTimeoutMs ?? 10_000;
    this.#max = tls.maxHandshakes ?? 1_000;
  }

  /** A connection has come; one too many is closed. */
  begin(raw: { terminate(): void }): void {
    if (this.#open.size >= this.#max) {
      raw.terminate();
      return;
    }
    const handshake = new Handshake(raw);
    this.#open.set(raw, handshake);
    timerWheel.add(handshake, monotonicNow() + this.#timeoutMs);
  }

  /** Its handshake is over, or the connection is. */
  end(raw: object): void {
    const handshake = this.#open.get(raw);
    if (handshake === undefined) return;
    timerWheel.remove(handshake);
    this.#open.delete(raw);
  }
}

class Handshake extends Timed {
  readonly #raw: { terminate(): void };

  constructor(raw: { terminate(): void }) {
    super();
    this.#raw = raw;
  }

  override onDue(): void {
    this.#raw.terminate();
  }
}

/** The names as ALPN has them on the wire: each after its length (RFC 7301, 3.1). */
function alpn(protocols: readonly string[]): Uint8Array {
  const parts: number[] = [];
  for (const protocol of protocols)
    parts.push(protocol.length, ...new TextEncoder().encode(protocol));
  return Uint8Array.from(parts);
}
