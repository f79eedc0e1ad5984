import type { Peer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import { monotonicNow, Timed, timerWheel } from '../core/timer-wheel.ts';
import { RpcError } from '../rpc-error.ts';
import { notOurFrames } from './refusals.ts';

/** What the timer asks of its connection. */
interface TimedConnection {
  readonly peer: Peer;
  /** The handshake is over. */
  readonly isReady: boolean;
  readonly openCalls: number;
  ping(): void;
  drain(reason: RpcError): void;
  abort(error: RpcError): void;
}

/** A look that comes so much too late, in milliseconds, says that this process stood still. */
const stallMs = 100;

/**
 * The clock of a connection: the handshake's limit, pings while calls are open, the end after a time
 * without any. It looks at the connection now and then, so that a call costs it nothing.
 */
export class ConnectionTimer extends Timed {
  /** Set whenever bytes come. */
  heard = false;
  /** When the last call ended. */
  idleSince: number = monotonicNow();
  readonly #connection: TimedConnection;
  readonly #limits: RpcLimits;
  #pinged = false;
  #looksAgain = false;

  /** Begins with the handshake. */
  constructor(connection: TimedConnection, limits: RpcLimits) {
    super();
    this.#connection = connection;
    this.#limits = limits;
    timerWheel.add(this, monotonicNow() + limits.handshakeTimeoutMs);
  }

  /** The handshake is over. */
  start(): void {
    this.idleSince = monotonicNow();
    this.#next(Number.POSITIVE_INFINITY);
  }

  stop(): void {
    timerWheel.remove(this);
  }

  override onDue(): void {
    if (this.#hasStalled()) return;
    const { handshakeTimeoutMs, idleTimeoutMs, keepaliveTimeoutMs } = this.#limits;
    if (!this.#connection.isReady) {
      const why = `nothing came within ${handshakeTimeoutMs} ms, the limit handshakeTimeoutMs`;
      this.#connection.abort(notOurFrames(this.#connection.peer, why));
      return;
    }
    if (this.#connection.openCalls > 0) {
      this.#checkPeer();
      return;
    }
    this.#pinged = false;
    this.heard = false;
    const idleUntil = this.idleSince + idleTimeoutMs;
    if (idleTimeoutMs > 0 && monotonicNow() >= idleUntil) {
      this.#connection.drain(new RpcError('unavailable', 'the connection was idle'));
      // A peer that does not close its side is not waited for longer than for a ping.
      timerWheel.add(this, monotonicNow() + keepaliveTimeoutMs);
      return;
    }
    this.#next(idleTimeoutMs > 0 ? idleUntil : Number.POSITIVE_INFINITY);
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

  #checkPeer(): void {
    if (this.heard || !this.#pinged) {
      const silent = !this.heard;
      this.heard = false;
      this.#pinged = silent;
      if (silent) {
        this.#connection.ping();
        timerWheel.add(this, monotonicNow() + this.#limits.keepaliveTimeoutMs);
      } else this.#next(Number.POSITIVE_INFINITY);
      return;
    }
    const message = `the peer did not answer a ping within ${this.#limits.keepaliveTimeoutMs} ms, the limit keepaliveTimeoutMs`;
    this.#connection.abort(new RpcError('unavailable', message));
  }

  /** Due at `at`, or before that to look whether calls have begun, or the idle time is over. */
  #next(at: number): void {
    const { idleTimeoutMs, keepaliveIntervalMs } = this.#limits;
    const now = monotonicNow();
    let due = at;
    if (keepaliveIntervalMs > 0) due = Math.min(due, now + keepaliveIntervalMs);
    if (idleTimeoutMs > 0) due = Math.min(due, now + idleTimeoutMs);
    timerWheel.add(this, due);
  }
}
