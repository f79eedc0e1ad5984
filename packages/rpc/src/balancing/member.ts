import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { MethodInfo } from '../core/method.ts';
import { isReadyTransport, type ReadyTransport } from '../core/ready-transport.ts';
import { isRefused } from '../core/refused.ts';
import { WatchedClientCall } from '../core/watched-call.ts';
import { serverFaults } from '../interceptors/breaker.ts';
import { type Endpoint, weightOf } from './endpoints.ts';
import type { OutlierDetector, OutlierTrack } from './outliers.ts';
import type { Candidate } from './policy.ts';

/** What the members of one balancer share. */
export interface MemberContext {
  readonly clock: Clock;
  readonly random: () => number;
  /** For endpoints that refuse calls though they seem to be connected. */
  readonly backoff: Backoff;
  /** How long calls wait for an endpoint that connects before they count it as failed. */
  readonly patienceMs: number;
  readonly outliers: OutlierDetector | undefined;
  /** Calls go to whoever does not say that it does not serve: there is nobody better. */
  isDesperate: boolean;
  /** Something that calls may wait for has changed. */
  onChange(): void;
}

export type MemberState =
  | 'idle'
  | 'connecting'
  | 'ready'
  | 'failed'
  | 'closed'
  | 'not-serving'
  | 'ejected'
  | 'refusing';

const faults: ReadonlySet<string> = new Set(serverFaults);

/** One endpoint of a balancer, with its transport and what is known of it. */
export class Member implements Candidate {
  endpoint: Endpoint;
  pending = 0;
  /** What the health source says; undefined: nothing yet. */
  isServing: boolean | undefined;
  readonly #context: MemberContext;
  /** What calls go through. */
  readonly transport: Transport;
  readonly #connection: ReadyTransport | undefined;
  readonly #stopReadiness: (() => void) | undefined;
  readonly #track: OutlierTrack | undefined;
  /** Since it was ready last it has failed to connect. */
  #hasFailed = false;
  #hopeUntil = 0;
  #readyAt = 0;
  /** Connections in a row that did not last. */
  #losses = 0;
  #connectAt = 0;
  #refusals = 0;
  #refusesUntil = 0;

  /** `connection` tells how ready it is; `transport` is it, or stands before it. */
  constructor(
    endpoint: Endpoint,
    connection: Transport,
    transport: Transport,
    context: MemberContext,
  ) {
    this.endpoint = endpoint;
    this.transport = transport;
    this.#context = context;
    this.#track = context.outliers?.add();
    if (!isReadyTransport(connection)) return;
    this.#connection = connection;
    this.#stopReadiness = connection.onReadiness(() => this.#onReadiness(connection));
  }

  get address(): string {
    return this.endpoint.address;
  }

  get weight(): number {
    return weightOf(this.endpoint);
  }

  get state(): MemberState {
    const now = this.#context.clock.now();
    if (this.isServing === false) return 'not-serving';
    if (this.#track && now < this.#track.ejectedUntil) return 'ejected';
    if (now < this.#refusesUntil) return 'refusing';
    return this.#connection?.readiness ?? 'ready';
  }

  isUsable(): boolean {
    if (this.#connection?.readiness === 'idle') this.#connect(this.#connection);
    if (this.isServing === false) return false;
    if (this.#context.isDesperate) return true;
    if (this.#refusesUntil !== 0 || this.#track?.ejectedUntil) return this.state === 'ready';
    return this.#connection === undefined || this.#connection.readiness === 'ready';
  }

  /** It may become usable soon, and calls better wait for that. */
  isHopeful(): boolean {
    if (this.isServing === false || this.#hasFailed) return false;
    if (this.#connection?.readiness !== 'connecting') return false;
    return this.#context.clock.now() < this.#hopeUntil;
  }

  /** When it will be another without anything happening; Infinity for never. */
  nextChangeAt(): number {
    const now = this.#context.clock.now();
    const times = [this.#track?.ejectedUntil ?? 0, this.#refusesUntil];
    const readiness = this.#connection?.readiness;
    if (readiness === 'failed') times.push(this.#connection?.retryAt ?? 0);
    if (readiness === 'connecting') times.push(this.#hopeUntil);
    if (readiness === 'idle') times.push(this.#connectAt);
    return Math.min(...times.filter((time) => time > now));
  }

  /** Opens a call on it, now. */
  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    return new MemberCall(sink, this).open(this.transport, method, options);
  }

  /** The sink for a call that was held and is opened on it now. */
  sinkBefore(sink: ClientSink): ClientSink {
    return new MemberCall(sink, this);
  }

  onEnd({ error }: Trailer): void {
    this.pending--;
    const isRefusal = error !== undefined && isRefused(error);
    if (!isRefusal) {
      this.#refusals = 0;
      this.#refusesUntil = 0;
    }
    if (this.#track && !isRefusal && error?.code !== 'canceled') {
      this.#context.outliers?.record(this.#track, error === undefined || !faults.has(error.code));
    }
    if (isRefusal && error.code === 'unavailable') this.#onRefusal();
  }

  /** No call will be opened on it any more; those that run may end. */
  async close(): Promise<void> {
    this.#stopReadiness?.();
    if (this.#track) this.#context.outliers?.remove(this.#track);
    await this.transport.close();
  }

  /** A lost connection explains a refusal; else it would be the least busy one, and get every call. */
  #onRefusal(): void {
    if (this.#connection && this.#connection.readiness !== 'ready') return;
    const { backoff, clock, random } = this.#context;
    this.#refusesUntil = clock.now() + backoffMs(backoff, this.#refusals++, random);
  }

  #connect(connection: ReadyTransport): void {
    const now = this.#context.clock.now();
    if (now < this.#connectAt) return;
    if (!this.#hasFailed) this.#hopeUntil = now + this.#context.patienceMs;
    connection.connect();
  }

  #onReadiness(connection: ReadyTransport): void {
    const { readiness } = connection;
    if (readiness === 'failed') this.#hasFailed = true;
    if (readiness === 'ready') {
      this.#hasFailed = false;
      this.#readyAt = this.#context.clock.now();
    }
    if (readiness === 'idle') this.#onLoss(connection);
    this.#context.onChange();
  }

  /** What was connected is connected again, so that calls need not wait for it; not in a tight loop. */
  #onLoss(connection: ReadyTransport): void {
    const { backoff, clock, random } = this.#context;
    const now = clock.now();
    this.#losses = now - this.#readyAt < backoff.maxMs ? this.#losses + 1 : 0;
    if (this.#losses > 1) this.#connectAt = now + backoffMs(backoff, this.#losses - 2, random);
    this.#connect(connection);
  }
}

/** A call on a member: counts as pending until its end. */
class MemberCall extends WatchedClientCall {
  readonly #member: Member;
  #isOver = false;

  constructor(sink: ClientSink, member: Member) {
    super(sink);
    this.#member = member;
    member.pending++;
  }

  override onWritable(): void {
    if (!this.#isOver) super.onWritable();
  }

  protected override ended(trailer: Trailer): void {
    this.#isOver = true;
    this.#member.onEnd(trailer);
  }
}
