/** Where a service is answered. Two of the same address are one. */
export interface Endpoint {
  /** As `Listener.address` says it. */
  readonly address: string;
  /** Calls go to the lowest number of which an endpoint can be reached. Default 0. */
  readonly priority?: number;
  /** Its share of the calls beside others of its priority: default label `weight`, else 1. */
  readonly weight?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The endpoints of a service, as they come and go. A registry's `Discovery` is one. */
export interface Endpoints {
  readonly current: readonly Endpoint[];
  /** Calls back after each change; the answer ends that. */
  onChange(listener: (endpoints: readonly Endpoint[]) => void): () => void;
}

/** Endpoints that are said to be so, and may be said anew. */
export class EndpointList implements Endpoints {
  #current: readonly Endpoint[];
  readonly #listeners = new Set<(endpoints: readonly Endpoint[]) => void>();

  constructor(endpoints: readonly Endpoint[] = []) {
    this.#current = endpoints;
  }

  get current(): readonly Endpoint[] {
    return this.#current;
  }

  set(endpoints: readonly Endpoint[]): void {
    this.#current = endpoints;
    for (const listener of this.#listeners) listener(endpoints);
  }

  onChange(listener: (endpoints: readonly Endpoint[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What an endpoint of weight 0 gets: very little, as RFC 2782 has it for SRV records. */
const leastWeight = 0.01;
const mostWeight = 65_535;

/** The endpoint's weight, from 0.01 to 65,535. */
export function weightOf(endpoint: Endpoint): number {
  const weight = endpoint.weight ?? Number(endpoint.labels?.weight ?? 1);
  if (Number.isNaN(weight)) return 1;
  return Math.min(mostWeight, Math.max(leastWeight, weight));
}
