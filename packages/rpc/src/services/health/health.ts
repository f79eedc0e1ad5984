import type { MessageInit } from '../../codec/message-type.ts';
import type { ServiceType } from '../../core/method.ts';
import type { CallContext, Server } from '../../core/server.ts';
import {
  type HealthCheckResponse,
  type HealthHandlers,
  type HealthListResponse,
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.ts';
import { RpcError } from '../../rpc-error.ts';

export type HealthStatus = 'unknown' | 'serving' | 'not-serving';

export interface HealthOptions {
  /** `serving` from the start, as the server as a whole is. */
  readonly services?: readonly ServiceType[];
}

const wireStatus: Readonly<Record<HealthStatus, ServingStatus>> = {
  unknown: ServingStatus.UNKNOWN,
  serving: ServingStatus.SERVING,
  'not-serving': ServingStatus.NOT_SERVING,
};

/** What `List` answers with at most (gRFC A90 leaves the number to servers). */
const maxListed = 100;
const maxWatches = 1_000;

/**
 * The health of a server and its services, as `grpc.health.v1.Health` tells it.
 *
 *     const health = createHealth({ services: [Greeter] }).addTo(server);
 *     process.once('SIGTERM', async () => { health.drain(); await listener.close(); });
 *
 * A listener that closes ends the watches of its connections by itself, as not serving.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md, gRFC A90 (List).
 */
export function createHealth(options: HealthOptions = {}): Health {
  return new Health(options);
}

/** Made by `createHealth`. */
export class Health {
  readonly #statuses = new Map<string, HealthStatus>([['', 'serving']]);
  readonly #watches = new Set<() => void>();
  #draining = false;
  #closed = false;

  constructor(options: HealthOptions) {
    for (const { typeName } of options.services ?? []) this.#statuses.set(typeName, 'serving');
  }

  /** Serves `Check`, `Watch` and `List`. */
  addTo(server: Server): this {
    const handlers: HealthHandlers = {
      check: ({ service }) => ({ status: this.#check(service) }),
      list: () => this.#list(),
      watch: ({ service }, context) => this.#watch(service, context),
    };
    server.add(HealthService, handlers);
    return this;
  }

  /** The status of a service, `''` for the server as a whole; undefined when it has none. */
  status(service: string): HealthStatus | undefined {
    const status = this.#statuses.get(service);
    return status !== undefined && this.#draining ? 'not-serving' : status;
  }

  /** Of `''` the server as a whole. While it drains this is remembered and not told. */
  set(service: string, status: HealthStatus): void {
    this.#statuses.set(service, status);
    this.#tell();
  }

  /** The service is not known any more. */
  remove(service: string): void {
    this.#statuses.delete(service);
    this.#tell();
  }

  /** Everything is `not-serving` from now on: what is open goes on, and nobody new should come. */
  drain(): void {
    this.#draining = true;
    this.#tell();
  }

  /** Takes `drain` back. */
  resume(): void {
    this.#draining = false;
    this.#tell();
  }

  /**
   * Drains, and ends all watches as `unavailable`, which would hold up the end of their connections
   * else.
   */
  close(): void {
    this.#closed = true;
    this.drain();
  }

  #check(service: string): ServingStatus {
    const status = this.status(service);
    if (status !== undefined) return wireStatus[status];
    throw new RpcError('not_found', `no service ${JSON.stringify(service)} tells its health here`);
  }

  #list(): MessageInit<HealthListResponse> {
    if (this.#statuses.size > maxListed) {
      throw new RpcError(
        'resource_exhausted',
        `${this.#statuses.size} services are too many to list: check them by name`,
      );
    }
    const statuses: Record<string, MessageInit<HealthCheckResponse>> = {};
    for (const service of this.#statuses.keys()) {
      statuses[service] = { status: this.#check(service) };
    }
    return { statuses };
  }

  /** A client that reads slowly misses what was true in between, never what is true now. */
  async *#watch(
    service: string,
    context: CallContext,
  ): AsyncGenerator<MessageInit<HealthCheckResponse>> {
    if (this.#watches.size >= maxWatches) {
      throw new RpcError('resource_exhausted', `${maxWatches} watches of health are open already`);
    }
    let wake = (): void => {};
    let changed = true;
    const tell = (): void => {
      changed = true;
      wake();
    };
    this.#watches.add(tell);
    const { draining, signal } = context;
    signal.addEventListener('abort', tell);
    draining.addEventListener('abort', tell);
    try {
      let last: ServingStatus | undefined;
      while (!signal.aborted) {
        changed = false;
        const isOver = this.#closed || draining.aborted;
        const status = isOver ? ServingStatus.NOT_SERVING : this.#watched(service);
        if (status !== last) {
          last = status;
          yield { status };
          continue;
        }
        if (isOver) throw new RpcError('unavailable', 'the server ends: watch another one');
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (changed) resolve();
        });
      }
    } finally {
      this.#watches.delete(tell);
      signal.removeEventListener('abort', tell);
      draining.removeEventListener('abort', tell);
    }
  }

  #watched(service: string): ServingStatus {
    const status = this.status(service);
    return status === undefined ? ServingStatus.SERVICE_UNKNOWN : wireStatus[status];
  }

  #tell(): void {
    for (const tell of this.#watches) tell();
  }
}
