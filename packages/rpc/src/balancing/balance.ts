import type { Backoff } from '../core/backoff.ts';
import type {
  ClientCall,
  ClientSink,
  DisposableTransport,
  OpenOptions,
  Transport,
} from '../core/call.ts';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { FailedCall } from '../core/failed-call.ts';
import { HeldCall, HoldLimit } from '../core/held-call.ts';
import type { MethodInfo } from '../core/method.ts';
import { reconnectBackoff } from '../core/reconnecting.ts';
import { markRefused } from '../core/refused.ts';
import { retry } from '../interceptors/retry.ts';
import { RpcError } from '../rpc-error.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import type { HealthSource } from './health-source.ts';
import { Member, type MemberContext, type MemberState } from './member.ts';
import { OutlierDetector, type OutlierOptions } from './outliers.ts';
import type { Picker, Policy } from './policy.ts';
import { roundRobin } from './round-robin.ts';

export interface BalanceOptions {
  readonly endpoints: Endpoints;
  /** Makes the transport of an endpoint, which need not connect yet: `connectUnix`, `connectHttp2`, … */
  readonly connect: (endpoint: Endpoint) => Transport;
  /** Stands before the transport of each endpoint: a breaker, a limit of calls. */
  readonly interceptor?: (next: Transport, endpoint: Endpoint) => Transport;
  /** Default `roundRobin()`. */
  readonly policy?: Policy;
  /** Default: every endpoint serves. */
  readonly health?: HealthSource;
  /** Leaves endpoints alone whose calls fail more than those of the others. Default: none. */
  readonly outliers?: OutlierOptions;
  /**
   * Whether calls wait while no endpoint can be reached, instead of failing, where they do not say
   * themselves (`CallOptions`). Default: no. All calls wait for endpoints that are connecting, up to
   * `patienceMs`.
   */
  readonly waitForReady?: boolean | ((method: MethodInfo) => boolean);
  /** For an endpoint that connects, in milliseconds: 1,000. Then others count, of lower priority too. */
  readonly patienceMs?: number;
  /** How long a call waits at most, in milliseconds: 30,000. */
  readonly maxWaitMs?: number;
  /** Calls that wait: 1,000. More are `unavailable`. */
  readonly maxWaiting?: number;
  /** What they may hold of messages together, in bytes: 16 MiB. */
  readonly maxWaitingBytes?: number;
  /** How often a call that no service has seen is sent to another endpoint: 4. */
  readonly maxFailovers?: number;
  /** Endpoints that are used at most: 1,000, the first ones. */
  readonly maxEndpoints?: number;
  /** How long an endpoint that refuses calls is left alone: 100 ms to 5 s. */
  readonly backoff?: Backoff;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** One endpoint, as it is now. */
export interface EndpointStatus {
  readonly address: string;
  readonly priority: number;
  readonly state: MemberState;
  /** Calls that run on it. */
  readonly pending: number;
}

/** A Transport over several endpoints. */
export interface BalancedTransport extends DisposableTransport {
  readonly status: readonly EndpointStatus[];
}

/**
 * Spreads calls over the endpoints of a service: by the policy, over those of the best priority of
 * which any can be reached. An endpoint counts when it is connected, serves, and is no outlier; when
 * none does, calls go to what there is, so that they fail with its reason. A call that no service
 * has seen is sent to another endpoint; what failed otherwise is for `retry`, before this one.
 *
 * Endpoints that come are connected with the next call; those that go get no further call, and
 * their connections end with their last one.
 */
export function balance(options: BalanceOptions): BalancedTransport {
  return new FailoverTransport(new Balancer(options), options);
}

class FailoverTransport implements BalancedTransport {
  readonly #balancer: Balancer;
  readonly #front: Transport;

  constructor(balancer: Balancer, options: BalanceOptions) {
    const { maxFailovers = 4, clock } = options;
    this.#balancer = balancer;
    const failover = retry({
      maxAttempts: 1,
      maxRefusals: maxFailovers,
      ...(clock === undefined ? {} : { clock }),
    });
    this.#front = maxFailovers > 0 ? failover(balancer) : balancer;
  }

  get status(): readonly EndpointStatus[] {
    return this.#balancer.status;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    return this.#front.open(method, options, sink);
  }

  close(): Promise<void> {
    return this.#front.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The endpoints of one priority. */
interface Group {
  readonly members: readonly Member[];
  readonly picker: Picker<Member>;
}

class Balancer implements Transport {
  readonly #options: BalanceOptions;
  readonly #clock: Clock;
  readonly #policy: Policy;
  readonly #context: MemberContext;
  readonly #stopEndpoints: () => void;
  readonly #held: HoldLimit;
  readonly #members = new Map<string, { readonly member: Member; readonly stop: () => void }>();
  /** Best priority first. */
  #groups: readonly Group[] = [];
  readonly #waiting = new Set<WaitingCall>();
  #timer: Scheduled | undefined;
  /** Endpoints that are gone, until their last call has ended. */
  readonly #draining = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: BalanceOptions) {
    const { outliers, clock = systemClock, random = Math.random } = options;
    this.#options = options;
    this.#clock = clock;
    this.#policy = options.policy ?? roundRobin({ random });
    this.#held = new HoldLimit(options.maxWaitingBytes ?? 16 * 1024 * 1024);
    this.#context = {
      clock,
      random,
      backoff: options.backoff ?? reconnectBackoff,
      patienceMs: options.patienceMs ?? 1_000,
      outliers: outliers && new OutlierDetector(outliers, clock),
      isDesperate: false,
      onChange: () => this.#serveWaiting(),
    };
    this.#setEndpoints(options.endpoints.current);
    this.#stopEndpoints = options.endpoints.onChange((endpoints) => this.#setEndpoints(endpoints));
  }

  get status(): readonly EndpointStatus[] {
    return [...this.#members.values()].map(({ member }) => ({
      address: member.address,
      priority: member.endpoint.priority ?? 0,
      state: member.state,
      pending: member.pending,
    }));
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const waitsForReady = this.#waitsForReady(method, options);
    const member = this.#pick(method, options, waitsForReady);
    if (member instanceof Member) return member.open(method, bound(options), sink);
    if (member === 'none' && !waitsForReady)
      return new FailedCall(sink, markRefused(this.#unreachable()));
    if (this.#isClosed || this.#waiting.size >= (this.#options.maxWaiting ?? 1_000)) {
      return new FailedCall(sink, markRefused(this.#unreachable()));
    }
    return this.#wait(method, options, sink);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopEndpoints();
    for (const call of this.#waiting) call.fail(this.#unreachable());
    for (const address of [...this.#members.keys()]) this.#remove(address);
    this.#groups = [];
    await Promise.all(this.#draining);
  }

  /** `soon`: somebody may be usable soon; `none`: nobody will be but by a change. */
  #pick(
    method: MethodInfo,
    options: OpenOptions,
    waitsForReady: boolean,
  ): Member | 'soon' | 'none' {
    for (const { picker, members } of this.#groups) {
      const member = picker.pick(method, options);
      if (member) return member;
      if (members.some((each) => each.isHopeful())) return 'soon';
    }
    if (waitsForReady) return 'none';
    this.#context.isDesperate = true;
    try {
      for (const { picker } of this.#groups) {
        const member = picker.pick(method, options);
        if (member) return member;
      }
      return 'none';
    } finally {
      this.#context.isDesperate = false;
    }
  }

  #waitsForReady(method: MethodInfo, options: OpenOptions): boolean {
    if (options.waitForReady !== undefined) return options.waitForReady;
    const { waitForReady = false } = this.#options;
    return typeof waitForReady === 'function' ? waitForReady(method) : waitForReady;
  }

  #wait(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    // Not marked as refused, or it would wait again at once.
    const timer = this.#clock.schedule(this.#options.maxWaitMs ?? 30_000, () => {
      call.fail(this.#unreachable());
    });
    const call: WaitingCall = new WaitingCall(method, options, sink, this.#held, () => {
      timer.cancel();
      this.#waiting.delete(call);
      this.#setTimer();
    });
    this.#waiting.add(call);
    this.#setTimer();
    return call;
  }

  #serveWaiting(): void {
    for (const call of this.#waiting) {
      const waitsForReady = this.#waitsForReady(call.method, call.options);
      const member = this.#pick(call.method, call.options, waitsForReady);
      if (member instanceof Member) call.start(member);
      else if (member === 'none' && !waitsForReady) {
        call.fail(markRefused(this.#unreachable()));
      }
    }
    this.#setTimer();
  }

  /** Back-offs and patience that end while calls wait. */
  #setTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    let at = Number.POSITIVE_INFINITY;
    for (const { member } of this.#members.values()) at = Math.min(at, member.nextChangeAt());
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.schedule(at - this.#clock.now(), () => {
      this.#timer = undefined;
      this.#serveWaiting();
    });
  }

  #setEndpoints(endpoints: readonly Endpoint[]): void {
    const wanted = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      if (wanted.size >= (this.#options.maxEndpoints ?? 1_000)) break;
      if (!wanted.has(endpoint.address)) wanted.set(endpoint.address, endpoint);
    }
    for (const address of [...this.#members.keys()]) {
      if (!wanted.has(address)) this.#remove(address);
    }
    for (const endpoint of wanted.values()) {
      const known = this.#members.get(endpoint.address);
      if (known) known.member.endpoint = endpoint;
      else this.#add(endpoint);
    }
    this.#group();
    this.#serveWaiting();
  }

  #add(endpoint: Endpoint): void {
    const { connect, interceptor, health } = this.#options;
    const connection = connect(endpoint);
    const transport = interceptor ? interceptor(connection, endpoint) : connection;
    const member = new Member(endpoint, connection, transport, this.#context);
    const stop = health?.watch(endpoint, connection, (isServing) => {
      member.isServing = isServing;
      this.#serveWaiting();
    });
    this.#members.set(endpoint.address, { member, stop: stop ?? (() => {}) });
  }

  #remove(address: string): void {
    const entry = this.#members.get(address);
    if (!entry) return;
    this.#members.delete(address);
    entry.stop();
    const closed: Promise<void> = entry.member
      .close()
      .catch(() => {})
      .then(() => {
        this.#draining.delete(closed);
      });
    this.#draining.add(closed);
  }

  #group(): void {
    const byPriority = new Map<number, Member[]>();
    for (const { member } of this.#members.values()) {
      const priority = member.endpoint.priority ?? 0;
      const members = byPriority.get(priority);
      if (members) members.push(member);
      else byPriority.set(priority, [member]);
    }
    this.#groups = [...byPriority]
      .sort(([one], [other]) => one - other)
      .map(([, members]) => ({ members, picker: this.#policy(members) }));
  }

  #unreachable(): RpcError {
    const states = this.status.map(({ address, state }) => `${address} is ${state}`);
    const shown = states.slice(0, 5).join(', ') + (states.length > 5 ? ', …' : '');
    const message = this.#isClosed
      ? 'the client is closed'
      : `no endpoint takes calls: ${shown || 'there is none'}`;
    return new RpcError('unavailable', message, { retryable: !this.#isClosed });
  }
}

/** It waits here, for all endpoints, and not at the one that it was given. */
function bound(options: OpenOptions): OpenOptions {
  return options.waitForReady === true ? { ...options, waitForReady: false } : options;
}

/** A call without an endpoint yet. */
class WaitingCall extends HeldCall {
  readonly #onOver: () => void;

  constructor(
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
    held: HoldLimit,
    onOver: () => void,
  ) {
    super(method, options, sink, held);
    this.#onOver = onOver;
  }

  start(member: Member): void {
    this.#onOver();
    this.begin(member.transport, member.sinkBefore(this.sink), bound(this.options));
  }

  protected override onLeft(error: RpcError): RpcError {
    this.#onOver();
    return error;
  }
}
