import type { Connection } from '../../core/connection.ts';
import type { RpcLimits } from '../../core/limits.ts';
import { monotonicNow, Timed, timerWheel } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { QuicConnection, QuicConnectionHandler } from '../quic/quic-connection.ts';
import type { QuicByteStream } from '../quic/quic-stream.ts';
import type { Http3Call } from './http3-call.ts';

/** RFC 9114, 8.1. */
export const http3Error = {
  noError: 0x100,
  internalError: 0x102,
  excessiveLoad: 0x107,
  requestRejected: 0x10b,
  requestCancelled: 0x10c,
  messageError: 0x10e,
} as const;

/** What the two sides of a connection have in common: their calls, what these hold, its end. */
export abstract class Http3Connection
  extends Timed
  implements Pick<Connection, 'acceptsCalls' | 'openCalls' | 'closed'>, QuicConnectionHandler
{
  readonly limits: RpcLimits;
  readonly quic: QuicConnection;
  readonly closed: Promise<RpcError | undefined>;
  protected readonly calls: Set<Http3Call> = new Set();
  #state: 'open' | 'draining' | 'closed' = 'open';
  #heldBytes = 0;
  #idleSince: number = monotonicNow();
  #resolveClosed: (error: RpcError | undefined) => void = () => {};

  constructor(quic: QuicConnection, limits: RpcLimits) {
    super();
    this.quic = quic;
    this.limits = limits;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    quic.handler = this;
    this.#watchIdle();
  }

  get acceptsCalls(): boolean {
    return this.#state === 'open';
  }

  get openCalls(): number {
    return this.calls.size;
  }

  protected get isClosed(): boolean {
    return this.#state === 'closed';
  }

  abstract onStream(id: number): QuicByteStream | undefined;

  /** Takes no further call; closes when the last one has ended. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.quic.drain();
  }

  /** Ends every call and the connection, at once. */
  abort(error: RpcError): void {
    if (this.#state === 'closed') return;
    this.onClose(error);
    this.quic.close(http3Error.noError, 'the connection was given up');
  }

  onClose(error: RpcError | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    timerWheel.remove(this);
    const reason =
      error ?? new RpcError('unavailable', `the connection to ${this.quic.address} was closed`);
    for (const call of [...this.calls]) call.broken(reason);
    this.#resolveClosed(error);
  }

  onGoaway(lastStream: number): void {
    if (this.#state === 'open') this.#state = 'draining';
    if (lastStream < 0) return;
    for (const call of [...this.calls]) call.onGoaway(lastStream);
  }

  add(call: Http3Call): void {
    this.calls.add(call);
  }

  forget(call: Http3Call): void {
    if (!this.calls.delete(call) || this.calls.size > 0) return;
    this.#idleSince = monotonicNow();
  }

  /**
   * Counts bytes that have come and nobody has read, or that are read. QUIC's windows do not hold
   * the peer back here, so that a call which makes them too many has to end.
   */
  held(bytes: number): RpcError | undefined {
    this.#heldBytes += bytes;
    if (bytes <= 0 || this.#heldBytes <= this.limits.maxQueuedBytes) return undefined;
    return new RpcError(
      'resource_exhausted',
      `the peer has sent more than was read, beyond ${this.limits.maxQueuedBytes} bytes, the limit maxQueuedBytes: HTTP/3 does not hold it back here`,
    );
  }

  override onDue(): void {
    const idleUntil = this.#idleSince + this.limits.idleTimeoutMs;
    if (this.calls.size === 0 && monotonicNow() >= idleUntil) this.drain();
    else this.#watchIdle();
  }

  #watchIdle(): void {
    const { idleTimeoutMs } = this.limits;
    if (idleTimeoutMs === 0) return;
    const from = this.calls.size === 0 ? this.#idleSince : monotonicNow();
    timerWheel.add(this, from + idleTimeoutMs);
  }
}
