import type { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Caller } from './authenticate.ts';
import type { Ledger } from './ledger.ts';

/** A request that no provider was asked for. Times are milliseconds. */
export interface Refusal {
  /** Since the epoch. */
  atMs: number;
  requestId: string;
  /** Absent where the request did not say, or not truly, who asks. */
  caller: Caller | undefined;
  /** As the caller named it; empty where the request was refused before it was read. */
  requestedModel: string;
  /** The endpoint's name. */
  operation: string;
  dialect: DialectName;
  /** Of the answer. */
  httpStatus: number;
  error: RpcError;
  latencyMs: number;
}

/** Rows for requests of nobody known, and of which there are too many: so many at once, */
const maxFrequent = 100;
/** and one more after so long. Everybody can send such requests, and rows take room. */
const frequentEveryMs = 1_000;

/**
 * Puts requests that were refused before any provider was asked on the ledger, as attempt 0 of no
 * provider with the outcome `refused`. Those of unknown callers, and of who asks too often, only as
 * far as the limit allows, and those sent away for overload: the metrics have them all.
 */
export class Refusals {
  readonly #ledger: Pick<Ledger, 'record'>;
  #frequent = maxFrequent;
  #refilledAt = 0;

  constructor(ledger: Pick<Ledger, 'record'>) {
    this.#ledger = ledger;
  }

  record({ caller, dialect, error, ...refusal }: Refusal): void {
    const isFrequent = caller === undefined || isForLoad(error);
    if (isFrequent && !this.#mayRecord(refusal.atMs)) return;
    this.#ledger.record({
      ...refusal,
      keyId: caller?.keyId,
      owner: caller?.owner,
      orgId: caller?.orgId,
      teamId: caller?.teamId,
      userId: caller?.userId,
      attempt: 0,
      provider: '',
      model: '',
      callerDialect: dialect,
      providerDialect: 'none',
      streamed: false,
      outcome: 'refused',
      errorCode: error.code,
      usage: { input: 0, output: 0 },
      metered: false,
    });
  }

  #mayRecord(now: number): boolean {
    const refill = Math.floor((now - this.#refilledAt) / frequentEveryMs);
    if (refill > 0) {
      this.#frequent = Math.min(maxFrequent, this.#frequent + refill);
      this.#refilledAt = now;
    }
    if (this.#frequent === 0) return false;
    this.#frequent--;
    return true;
  }
}

/** True for a request that was refused because there are too many. */
export function isForLoad(error: RpcError): boolean {
  const { reason } = apiErrorInfo(error);
  return reason === 'rate_limit_exceeded' || reason === 'overloaded';
}
