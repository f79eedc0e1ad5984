import type { Metrics } from '@zeke/foundation';
import type { AdmissionLimits } from '@zeke/rpc/admission';
import { Gate, type ShedReason } from './gate.ts';
import { Visit } from './visit.ts';

/** How much the gateway does at once, and how long others wait for it. */
export interface OverloadLimits {
  /** Requests to models, streams among them. */
  readonly maxConcurrentRequests: number;
  /** Of these, answers that are streams. */
  readonly maxConcurrentStreams: number;
  /** Who waits for a place of either kind. */
  readonly maxQueued: number;
  readonly queueTimeoutMs: number;
}

/** For gateways of which nobody says more: no limits. */
export const noOverloadLimits: OverloadLimits = {
  maxConcurrentRequests: Number.POSITIVE_INFINITY,
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  maxQueued: 0,
  queueTimeoutMs: 0,
};

export interface OverloadOptions {
  readonly limits: OverloadLimits;
  readonly metrics: Metrics;
  readonly clock: AdmissionLimits['clock'];
}

/** Keeps requests to what this process can do: who is beyond waits its turn or is sent away early. */
export class Overload {
  readonly requests: Gate;
  readonly streams: Gate;

  constructor({ clock, limits, metrics }: OverloadOptions) {
    const told = tellOf(metrics);
    const gate = (what: 'requests' | 'streams') =>
      new Gate({
        what,
        key: `server.max_concurrent_${what}`,
        limits: limitsOf(limits)[what],
        clock,
        onAdmitted: (waitedMs) => told.wait(what, waitedMs),
        onShed: (reason) => told.shed(what, reason),
      });
    this.requests = gate('requests');
    this.streams = gate('streams');
    metrics.observed(
      {
        name: 'gateway_queue_length',
        help: 'Requests that wait for a place among those under way, by the places they wait for.',
        labels: ['places'],
      },
      () => [
        [this.requests.waiting, 'requests'],
        [this.streams.waiting, 'streams'],
      ],
    );
    metrics.observed(
      {
        name: 'gateway_open_requests',
        help: 'Requests to models that are under way, streams among them.',
      },
      () => [[this.requests.inside]],
    );
    metrics.observed(
      { name: 'gateway_open_streams', help: 'Answers under way that are streams.' },
      () => [[this.streams.inside]],
    );
  }

  configure(limits: OverloadLimits): void {
    const { requests, streams } = limitsOf(limits);
    Object.assign(this.requests.limits, requests);
    Object.assign(this.streams.limits, streams);
  }

  /**
   * Takes a place for a request. The visit is there at once where a place is free; rejects as
   * `Gate.enter` does.
   */
  visit(group: unknown, client: AbortSignal): Visit | Promise<Visit> {
    const turn = this.requests.enter(group, client);
    if (turn === undefined) return new Visit(this, group, client);
    return turn.then(() => new Visit(this, group, client));
  }

  /** The process ends: nobody waits any longer. */
  close(): void {
    this.requests.close();
    this.streams.close();
  }
}

function limitsOf(limits: OverloadLimits) {
  const { maxConcurrentRequests, maxConcurrentStreams, maxQueued, queueTimeoutMs } = limits;
  const queue = { maxQueued, queueTimeoutMs };
  return {
    requests: { places: maxConcurrentRequests, ...queue },
    streams: { places: maxConcurrentStreams, ...queue },
  };
}

function tellOf(metrics: Metrics) {
  const waits = metrics.histogram({
    name: 'gateway_queue_seconds',
    help: 'How long requests waited for a place, of those that had to and were let in.',
    labels: ['places'],
  });
  const shed = metrics.counter({
    name: 'gateway_shed_total',
    help: 'Requests sent away for overload: the queue was full, its wait hopeless, or it was late.',
    labels: ['places', 'reason'],
  });
  return {
    wait: (places: string, waitedMs: number) => waits.observe(waitedMs / 1_000, places),
    shed: (places: string, reason: ShedReason) => shed.add(1, places, reason),
  };
}
