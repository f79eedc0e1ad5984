import { monotonicNow, Timed, timerWheel } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { Http2Limits } from './http2-limits.ts';

/** What the timer asks of its connection. */
interface TimedConnection {
  /** The peer's settings have come. */
  readonly isReady: boolean;
  readonly openCalls: number;
  sendPing(): void;
  drain(reason: string): void;
  abort(error: RpcError): void;
}

/** A look that comes so much too late, in milliseconds, says that this process stood still. */
const stallMs = 100;

/**
 * The clock of a connection: the handshake's limit, pings while calls are open, the end after a time
 * without any, and the limit for closing. It looks at the connection now and then, so that a call
 * costs it nothing.
 */
export class ConnectionTimer extends Timed {
  /** Set whenever bytes come. */
  heard = false;
  /** Set whenever a call ends. */
  wasBusy = true;
  readonly #connection: TimedConnection;
  readonly #limits: Http2Limits;
  #idleSince = 0;
  #isPinged = false;
  #isClosing = false;
  #looksAgain = false;

  /** Begins with the handshake. */
  constructor(connection: TimedConnection, limits: Http2Limits) {
    super();
    this.#connection = connection;
    this.#limits = limits;
    timerWheel.add(this, monotonicNow() + limits.handshakeTimeoutMs);
  }

  /** The handshake is over. */
  start(): void {
    this.#idleSince = monotonicNow();
    this.wasBusy = false;
    this.#scheduleNext(Number.POSITIVE_INFINITY);
  }

  /** A PING was answered. */
  answered(): void {
    if (!this.#isPinged || this.#isClosing) return;
    this.#isPinged = false;
    this.heard = false;
    this.#scheduleNext(Number.POSITIVE_INFINITY);
  }

  /** The connection is being closed: it is given as long as for the answer to a ping. */
  closing(): void {
    this.#isClosing = true;
    timerWheel.add(this, monotonicNow() + this.#limits.keepaliveTimeoutMs);
  }

  stop(): void {
    timerWheel.remove(this);
  }

  override onDue(): void {
    if (this.#hasStalled()) return;
    const { handshakeTimeoutMs } = this.#limits;
    if (this.#isClosing) {
      this.#connection.abort(new RpcError('unavailable', 'the peer did not close its side'));
    } else if (!this.#connection.isReady) {
      const message = `the HTTP/2 handshake took longer than ${handshakeTimeoutMs} ms, the limit handshakeTimeoutMs`;
      this.#connection.abort(new RpcError('unavailable', message));
    } else if (this.#connection.openCalls > 0) {
      this.#checkPeer();
    } else this.#checkIdle();
  }

  /**
   * After a stall the process first reads what has come meanwhile: an answer that waits in the
   * socket is not late.
   */
  #hasStalled(): boolean {
    const now = monotonicNow();
    this.#looksAgain = !this.#looksAgain && now - this.dueAt > stallMs;
    if (this.#looksAgain) timerWheel.add(this, now);
    return this.#looksAgain;
  }

  /** The time is counted from the first look that found no call, and no end of one since the last. */
  #checkIdle(): void {
    const { idleTimeoutMs } = this.#limits;
    this.#isPinged = false;
    const now = monotonicNow();
    if (this.wasBusy) this.#idleSince = now;
    this.wasBusy = false;
    const idleUntil = this.#idleSince + idleTimeoutMs;
    if (idleTimeoutMs > 0 && now >= idleUntil) this.#connection.drain('the connection was idle');
    else this.#scheduleNext(idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleUntil);
  }

  #checkPeer(): void {
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.#limits;
    if (this.heard || keepaliveIntervalMs === 0) {
      this.heard = false;
      this.#isPinged = false;
      this.#scheduleNext(Number.POSITIVE_INFINITY);
    } else if (!this.#isPinged) {
      this.#isPinged = true;
      this.#connection.sendPing();
      timerWheel.add(this, monotonicNow() + keepaliveTimeoutMs);
    } else {
      const message = `the peer did not answer a PING within ${keepaliveTimeoutMs} ms, the limit keepaliveTimeoutMs`;
      this.#connection.abort(new RpcError('unavailable', message));
    }
  }

  #scheduleNext(at: number): void {
    const { idleTimeoutMs, keepaliveIntervalMs } = this.#limits;
    const now = monotonicNow();
    let due = at;
    if (keepaliveIntervalMs > 0) due = Math.min(due, now + keepaliveIntervalMs);
    if (idleTimeoutMs > 0) due = Math.min(due, now + idleTimeoutMs);
    timerWheel.add(this, due);
  }
}
