import type { Socket } from 'bun';
import { Connection, type ConnectionOwner } from './connection.ts';
import { HttpFault } from './http-fault.ts';
import type { Target } from './request-text.ts';

export type Origin = Pick<Target, 'host' | 'port' | 'secure'>;

/** The addresses of a host, to be tried in this order. What it throws is why there is no connection. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * Opens a connection. All addresses of the host are tried, those that `lookup` finds and no other
 * where there is one; with TLS its certificate has to be good for the host, by the authorities that
 * Bun trusts and those of NODE_EXTRA_CA_CERTS, and HTTP/1.1 is what is agreed on. Rejects with
 * HTTP_CONNECT_TIMEOUT, and with what the system says (`ECONNREFUSED`, `ENOTFOUND`,
 * `CERT_HAS_EXPIRED`); nothing is open then.
 */
export async function dial(
  origin: Origin,
  timeoutMs: number,
  owner: ConnectionOwner,
  lookup?: Lookup,
): Promise<Connection> {
  if (lookup === undefined) return await dialAt(origin.host, origin, timeoutMs, owner);
  const endsAt = performance.now() + timeoutMs;
  let failure: unknown = new HttpFault('HTTP_CLOSED', `${origin.host} has no address`);
  for (const address of await lookup(origin.host)) {
    try {
      return await dialAt(address, origin, Math.max(1, endsAt - performance.now()), owner);
    } catch (reason) {
      failure = reason;
    }
  }
  throw failure;
}

async function dialAt(
  hostname: string,
  { host, port, secure }: Origin,
  timeoutMs: number,
  owner: ConnectionOwner,
): Promise<Connection> {
  const dialling = new Dialling(owner);
  const timer = setTimeout(() => dialling.give(timedOut(timeoutMs)), timeoutMs);
  try {
    const opening = Bun.connect<Dialling>({
      hostname,
      port,
      data: dialling,
      socket: secure ? secureCallbacks : plainCallbacks,
      ...(secure ? { tls: tlsOptions(host) } : {}),
    });
    opening.catch((reason: unknown) => dialling.give(reason));
    return await dialling.opened.promise;
  } finally {
    clearTimeout(timer);
  }
}

/** A socket from its first packet to its last; the connection is there when it may be used. */
class Dialling {
  readonly opened = Promise.withResolvers<Connection>();
  connection: Connection | undefined;
  readonly #owner: ConnectionOwner;
  #raw: Socket<Dialling> | undefined;
  #isOver = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
  }

  begin(raw: Socket<Dialling>): void {
    this.#raw = raw;
    if (this.#isOver) raw.terminate();
  }

  succeed(raw: Socket<Dialling>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    raw.setNoDelay(true);
    this.connection = new Connection(raw, this.#owner);
    this.opened.resolve(this.connection);
  }

  /** Gives up, for this reason. */
  give(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#raw?.terminate();
    this.opened.reject(reason);
  }
}

type Raw = Socket<Dialling>;

const callbacks = {
  binaryType: 'buffer' as const,
  data(raw: Raw, bytes: Buffer) {
    raw.data.connection?.onBytes(bytes);
  },
  drain(raw: Raw) {
    raw.data.connection?.onDrain();
  },
  close({ data }: Raw, error?: Error) {
    data.connection?.onClose(error);
    data.give(error ?? new HttpFault('HTTP_CLOSED', 'the server closed the connection at once'));
  },
  error(raw: Raw, error: Error) {
    raw.data.connection?.onClose(error);
    raw.data.give(error);
    raw.terminate();
  },
};

const plainCallbacks = {
  ...callbacks,
  open(raw: Raw) {
    raw.data.begin(raw);
    raw.data.succeed(raw);
  },
};

const secureCallbacks = {
  ...callbacks,
  open(raw: Raw) {
    raw.data.begin(raw);
  },
  handshake(raw: Raw, isGood: boolean, error: Error | null) {
    if (isGood && error === null && raw.authorized) raw.data.succeed(raw);
    else raw.data.give(error ?? new Error('the certificate of the server cannot be verified'));
  },
};

/** As ALPN has it on the wire: each name after its length (RFC 7301, 3.1). */
const protocols = Buffer.from('\x08http/1.1', 'latin1');

function tlsOptions(host: string): Bun.TLSOptions {
  return { rejectUnauthorized: true, ALPNProtocols: protocols, serverName: host };
}

function timedOut(timeoutMs: number): HttpFault {
  return new HttpFault('HTTP_CONNECT_TIMEOUT', `no connection within ${timeoutMs} ms`);
}
