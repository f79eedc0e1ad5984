import type { Logger } from '@zeke/foundation';
import type { ClientCertificate } from '@zeke/gateway';
import type { Socket, TLSOptions } from 'bun';
import { clientCertificate } from './client-certificate.ts';
import { Handshakes } from './handshakes.ts';
import type { TlsMaterial } from './read-tls.ts';
import { Leg } from './relay.ts';
import { tlsOptions } from './tls-options.ts';

export interface TlsFrontOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Whether other processes of ours listen there, too. */
  readonly reusePort: boolean;
  readonly material: TlsMaterial;
  /** Where the plain listener is, on 127.0.0.1. */
  readonly innerPort: number;
  readonly log: Pick<Logger, 'error' | 'info' | 'debug'>;
}

/** Who is at the other end of a connection. */
export interface TlsPeer {
  readonly address: string;
  /** Verified; undefined where the client has none. */
  readonly certificate: ClientCertificate | undefined;
}

/**
 * Speaks TLS in front of a plain HTTP listener of this process, and tells who is at the other end.
 * The listening socket outlives every change of certificates: no connection is lost with one.
 *
 * Each connection takes the material that is in force when it comes, and goes to the plain listener
 * by a loopback connection of its own, whose port says whose it is. Throws what `Bun.listen` throws.
 */
export class TlsFront {
  readonly port: number;
  readonly #innerPort: number;
  readonly #log: TlsFrontOptions['log'];
  readonly #listener: { stop(): void };
  readonly #handshakes = new Handshakes();
  /** By the port that their connections to the plain listener come from. */
  readonly #peers = new Map<number, TlsPeer>();
  /** The clients' sides of all connections. */
  readonly #legs = new Set<Leg>();
  readonly #ended = Promise.withResolvers<void>();
  #secure: TLSOptions;
  #stopping = false;

  constructor({ host, port, reusePort, material, innerPort, log }: TlsFrontOptions) {
    this.#innerPort = innerPort;
    this.#log = log;
    this.#secure = tlsOptions(material);
    // What is still encrypted when it gets here is of no use.
    const socket = { open: (raw: Socket) => this.#accept(raw), data() {} };
    const address = { hostname: host, port, reusePort, socket };
    const listener = Bun.listen(address);
    this.#listener = listener;
    this.port = listener.port;
  }

  /**
   * Whose connection comes to the plain listener from this port of 127.0.0.1; undefined for one that
   * is not from here, such as another program's on this machine.
   */
  peerOf(innerPort: number): TlsPeer | undefined {
    return this.#peers.get(innerPort);
  }

  /** Connections that come from now on are spoken to with this. */
  use(material: TlsMaterial): void {
    this.#secure = tlsOptions(material);
  }

  /** Takes no new connection. Resolves when all that came for clients has been written. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#listener.stop();
    this.#endIfLast();
    return this.#ended.promise;
  }

  /** Cuts what is still there. */
  cut(): void {
    for (const leg of [...this.#legs]) leg.cut();
  }

  #accept(raw: Socket): void {
    const leg = new Leg(() => {
      this.#handshakes.end(leg);
      this.#legs.delete(leg);
      this.#endIfLast();
    });
    this.#legs.add(leg);
    try {
      const tls = upgrade(raw, leg, this.#secure, this.#accepted);
      this.#handshakes.begin(leg, () => tls.terminate());
    } catch (err) {
      this.#log.error('a TLS handshake could not begin', { err });
      raw.terminate();
      leg.closed();
    }
  }

  readonly #accepted = {
    ...relayed,
    handshake: (tls: Socket<Leg>, success: boolean, error: Error | null) =>
      this.#shaken(tls, success, error),
  };

  #shaken(tls: Socket<Leg>, success: boolean, error: Error | null): void {
    this.#handshakes.end(tls.data);
    const peer = success ? peerOf(tls) : undefined;
    if (peer !== undefined) {
      this.#passOn(tls, peer);
      return;
    }
    const code = (error as NodeJS.ErrnoException | null)?.code;
    const why = { address: tls.remoteAddress, code, reason: error?.message };
    if (success) this.#log.info('the certificate of a client was refused', why);
    else this.#log.debug('a TLS handshake failed', why);
    tls.data.attach(tls);
    tls.data.cut();
  }

  #passOn(tls: Socket<Leg>, peer: TlsPeer): void {
    let from = 0;
    const inner = new Leg(() => this.#peers.delete(from));
    Leg.join(tls.data, inner);
    tls.data.attach(tls);
    // Until there is somebody to pass it on to, nothing is read.
    tls.pause();
    const open = (raw: Socket<Leg>) => {
      from = raw.localPort;
      this.#peers.set(from, peer);
      inner.attach(raw);
      inner.drained();
    };
    const to = { hostname: '127.0.0.1', port: this.#innerPort };
    Bun.connect<Leg>({ ...to, data: inner, socket: { ...relayed, open } }).catch(() => inner.cut());
  }

  #endIfLast(): void {
    if (this.#stopping && this.#legs.size === 0) this.#ended.resolve();
  }
}

/** Undefined for one with a certificate that could not be verified. */
function peerOf(tls: Socket<Leg>): TlsPeer | undefined {
  const certificate = clientCertificate(tls.getPeerCertificate());
  if (certificate !== undefined && !tls.authorized) return undefined;
  return { address: tls.remoteAddress, certificate };
}

const relayed = {
  binaryType: 'uint8array' as const,
  data(raw: Socket<Leg>, bytes: Uint8Array) {
    raw.data.received(bytes);
  },
  drain(raw: Socket<Leg>) {
    raw.data.drained();
  },
  close(raw: Socket<Leg>) {
    raw.data.closed();
  },
  error(raw: Socket<Leg>) {
    raw.data.closed();
  },
};

/**
 * Bun's types do not have it that a socket that was accepted can be upgraded as a server, and the
 * runtime does not find out by itself.
 */
function upgrade(raw: Socket, data: Leg, tls: TLSOptions, socket: object): Socket<Leg> {
  const options = { isServer: true, data, tls, socket };
  return raw.upgradeTLS<Leg>(options as never)[1];
}
