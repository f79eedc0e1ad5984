import type { AnswerHead } from './answer-head.ts';
import { AnswerHeaders } from './answer-headers.ts';
import type { Connection, Passenger } from './connection.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { decodeContent } from './decode-content.ts';
import type { HttpAnswer, HttpHeaders } from './http-answer.ts';
import { HttpFault } from './http-fault.ts';
import { type HttpRequest, headText, type Target } from './request-text.ts';

/** When so many bytes of a body are unread, its server is held up. */
const maxUnreadBytes = 256 * 1024;

/** Until the head is there. */
const noHeaders = new AnswerHeaders('');

/** One request and its answer, from the wait for a connection to the last byte that is read. */
export class Exchange implements HttpAnswer, Passenger, EventListenerObject {
  readonly method: string;
  readonly head: string;
  readonly bodyBytes: number;
  readonly body: string | Uint8Array | undefined;
  connection: Connection | undefined;
  status = 0;
  headers: HttpHeaders = noHeaders;
  readonly #answered = Promise.withResolvers<HttpAnswer>();
  readonly #pool: ConnectionPool;
  readonly #signal: AbortSignal | undefined;
  #maySendAgain: boolean;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #reader: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #failure: unknown;

  constructor(request: HttpRequest, target: Target, pool: ConnectionPool) {
    const { body, method, signal } = request;
    this.method = method;
    this.body = body;
    this.bodyBytes = body === undefined ? 0 : Buffer.byteLength(body);
    this.head = headText(request, target, this.bodyBytes);
    this.#pool = pool;
    this.#maySendAgain = isRepeatable(request);
    this.#signal = signal;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get isAtHand(): boolean {
    return this.#unread.length > 0 || this.#state !== 'open';
  }

  /** Asks; gives the answer when its head is there. */
  send(): Promise<HttpAnswer> {
    const signal = this.#signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    signal?.addEventListener('abort', this);
    this.#pool.carry(this);
    return this.#answered.promise;
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const bytes = this.#unread.shift();
    if (bytes) {
      this.#unreadBytes -= bytes.length;
      if (this.#unreadBytes === 0) this.connection?.resume();
      return bytes;
    }
    switch (this.#state) {
      case 'ended':
        return undefined;
      case 'failed':
        throw this.#failure;
      case 'open':
        this.#reader = Promise.withResolvers();
        return this.#reader.promise;
    }
  }

  cancel(): void {
    this.#stop(new HttpFault('HTTP_CLOSED', 'the rest of the answer was not wanted'));
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#stop(this.#signal?.reason);
  }

  onHead({ encoding, framing, headers, status }: AnswerHead): void {
    this.status = status;
    this.headers = headers;
    if (encoding === undefined || encoding === 'identity' || framing.kind === 'none') {
      this.#answered.resolve(this);
      return;
    }
    try {
      this.#answered.resolve(decodeContent(this, encoding));
    } catch (fault) {
      this.#stop(fault);
    }
  }

  onBody(bytes: Buffer): void {
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(bytes);
      return;
    }
    if (this.#state !== 'open') return;
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes > maxUnreadBytes) this.connection?.pause();
  }

  onEnd(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#leave();
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  onFault(reason: unknown, isUntouched: boolean): void {
    const isStale = isUntouched && this.connection?.isReused === true;
    this.connection = undefined;
    if (isStale && this.#maySendAgain) {
      this.#maySendAgain = false;
      this.#pool.carryAfresh(this);
      return;
    }
    this.#fail(reason);
  }

  /** Ends it from this side: nothing more is read, not even what has come. */
  #stop(reason: unknown): void {
    this.#unread = [];
    this.#unreadBytes = 0;
    if (this.#state !== 'open') return;
    const { connection } = this;
    if (connection) connection.destroy();
    else this.#pool.forget(this);
    this.#fail(reason);
  }

  #fail(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#failure = reason;
    this.#leave();
    this.#answered.reject(reason);
    this.#reader?.reject(reason);
    this.#reader = undefined;
  }

  #leave(): void {
    this.connection = undefined;
    this.#signal?.removeEventListener('abort', this);
  }
}

/** Methods that do the same when they are done twice (RFC 9110, 9.2.2). */
const idempotent: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
]);

/**
 * Whether a request may be sent again when its connection, used before, closed without a word. The
 * server may have begun with it all the same; a POST goes out again only where it has a key by
 * which the server knows it (as in Go's client).
 */
function isRepeatable({ headers, method }: HttpRequest): boolean {
  if (idempotent.has(method)) return true;
  return 'idempotency-key' in headers || 'x-idempotency-key' in headers;
}
