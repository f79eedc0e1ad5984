import type { Logger } from '@zeke/foundation';
import type { AuthFailure, AuthFailures } from '../governance/audit/auth-failures.ts';
import type { PeerAddress } from '../governance/rate-limits/client-address.ts';
import { isForLoad, type Refusals } from '../governance/refusals.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';

export interface FailureReportsOptions {
  readonly log: Logger;
  readonly refusals: Refusals;
  readonly authFailures: AuthFailures;
  /** Those in force now. */
  readonly services: () => Pick<Services, 'background' | 'now' | 'rateLimits'>;
}

/** A request that was answered with an error. */
export interface FailedRequest extends Pick<AuthFailure, 'requestId' | 'caller' | 'error'> {
  readonly route: Route;
  readonly request: Request;
  readonly peer: PeerAddress | undefined;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt: number;
  /** Absent where the caller was refused before the endpoint saw the request. */
  readonly exchange: Exchange | undefined;
  /** As it was thrown. */
  readonly reason: unknown;
}

/** What authentication says to a caller, other than that the database is gone. */
const refusesCaller: ReadonlySet<string> = new Set([
  'unauthenticated',
  'permission_denied',
  'resource_exhausted',
]);

/** Puts requests that failed where they belong: log, audit log and ledger. */
export class FailureReports {
  readonly #options: FailureReportsOptions;

  constructor(options: FailureReportsOptions) {
    this.#options = options;
  }

  /** Before the answer is made. */
  tell(failed: FailedRequest): void {
    if (!failed.exchange || failed.route.authenticates) this.#recordAuthFailure(failed);
    this.#log(failed);
  }

  /** With the answer's status: a request for which no provider was asked has no other row. */
  record(failed: FailedRequest, httpStatus: number): void {
    const { error, exchange, requestId, route, startedAt } = failed;
    const { dialect, name } = route;
    if (!dialect || (exchange && exchange.attempts > 0)) return;
    this.#options.refusals.record({
      atMs: exchange?.atMs ?? this.#options.services().now(),
      requestId,
      caller: exchange?.caller,
      requestedModel: exchange?.requestedModel ?? '',
      operation: name,
      dialect,
      httpStatus,
      error,
      latencyMs: performance.now() - startedAt,
    });
  }

  #recordAuthFailure({ caller, error, peer, request, requestId, route }: FailedRequest): void {
    if (!refusesCaller.has(error.code)) return;
    const { background, rateLimits } = this.#options.services();
    const address = rateLimits.addressOf(request, peer);
    const failure = { requestId, caller, error, endpoint: route.name, address };
    background.add(this.#options.authFailures.record(failure));
  }

  /** What went wrong at providers is in the log already. */
  #log({ error, exchange, reason, requestId, route }: FailedRequest): void {
    const { log } = this.#options;
    const fields = { requestId, endpoint: route.name, code: error.code, err: reason };
    if (error.code === 'internal') log.error('a request failed', fields);
    else if (error.code === 'canceled') log.debug('a client left', fields);
    else if (exchange && exchange.attempts > 0) log.debug('no provider answered well', fields);
    else if (isForLoad(error)) log.debug('a request was one of too many', fields);
    else log.info('a request was refused or failed', fields);
  }
}
