import type { Lease, LimitResult } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import { Draw, type Purse } from './draw.ts';
import { type LimitDialect, limitsLeft, setLimitHeaders } from './limit-headers.ts';
import { concurrencyRefusal, type LimitName, requestsRefusal, tokensRefusal } from './refusals.ts';
import type { Subject } from './subject.ts';

export interface AdmissionOptions {
  /** Those that the request counts for, whatever it asks. */
  readonly subjects: readonly Subject[];
  /** The one that a model's requests count for, where it is limited. */
  readonly modelSubject: (provider: string, model: string) => Subject | undefined;
  readonly refused: (entity: string, limit: string) => void;
}

/**
 * One request at the limits of all that it counts for: either it has what it takes from each of them,
 * or it is refused and has taken nothing. Its places among requests under way are given back when it
 * is answered and all its attempts have ended, so when a stream's last byte has come or nobody reads it.
 */
export interface Admission {
  /** Takes a request, and a place, of every subject. Throws `resource_exhausted`. */
  begin(): void | Promise<void>;
  /**
   * What an attempt takes beyond: a request and a place of its model, and the tokens that it may
   * use, where these are limited; undefined where nothing is. Throws `resource_exhausted`.
   */
  draw(
    provider: string,
    model: string,
    estimate: () => number,
  ): Draw | undefined | Promise<Draw | undefined>;
  /** An attempt has begun. */
  enter(): void;
  /** An attempt has ended, or the answer is made. */
  leave(): void;
  /** Says in the headers of an answer what is left to the caller. */
  tell(headers: Headers, dialect: LimitDialect): void;
}

/** By the counts of this process. */
export class LocalAdmission implements Admission {
  readonly #subjects: readonly Subject[];
  readonly #modelSubject: AdmissionOptions['modelSubject'];
  readonly #refused: AdmissionOptions['refused'];
  #leases: Lease[] = [];
  /** The answer's making, and attempts that have not ended. */
  #open = 1;

  constructor({ subjects, modelSubject, refused }: AdmissionOptions) {
    this.#subjects = subjects;
    this.#modelSubject = modelSubject;
    this.#refused = refused;
  }

  begin(): void {
    this.#leases = this.#takePlaces(this.#subjects);
    const refusal = this.#take(this.#subjects, 'requests', 1);
    if (!refusal) return;
    this.#releasePlaces();
    throw refusal;
  }

  draw(provider: string, model: string, estimate: () => number): Draw | undefined {
    const ofModel = this.#modelSubject(provider, model);
    const spenders = ofModel ? [...this.#subjects, ofModel] : this.#subjects;
    const limited = spenders.filter(({ limiters }) => limiters.tokens);
    if (!ofModel && limited.length === 0) return undefined;
    const models = ofModel ? [ofModel] : [];
    const [lease] = this.#takePlaces(models);
    const busy = this.#take(models, 'requests', 1);
    if (busy) {
      lease?.release();
      throw busy;
    }
    const taken = { requests: pursesOf(models, 'requests'), lease };
    const tokens = limited.length > 0 ? estimate() : 0;
    if (tokens === 0) return new Draw({ ...taken, tokens: [], estimate: 0 });
    const spent = this.#take(limited, 'tokens', tokens);
    if (spent) {
      new Draw({ ...taken, tokens: [], estimate: 0 }).giveBack();
      throw spent;
    }
    return new Draw({ ...taken, tokens: pursesOf(limited, 'tokens'), estimate: tokens });
  }

  enter(): void {
    this.#open++;
  }

  leave(): void {
    this.#open--;
    if (this.#open === 0) this.#releasePlaces();
  }

  tell(headers: Headers, dialect: LimitDialect): void {
    setLimitHeaders(headers, limitsLeft(this.#subjects), dialect);
  }

  /** Of all or of none: then the refusal that holds for longest. */
  #take(
    subjects: readonly Subject[],
    name: 'requests' | 'tokens',
    cost: number,
  ): RpcError | undefined {
    let refused: Map<Subject, LimitResult> | undefined;
    for (const subject of subjects) {
      const result = subject.limiters[name]?.refusal(subject.key, cost);
      if (!result) continue;
      refused ??= new Map();
      refused.set(subject, result);
    }
    if (!refused) return undefined;
    for (const { key, limiters } of subjects.filter((each) => !refused.has(each))) {
      limiters[name]?.charge(key, -cost);
    }
    const [subject, result] = longest(refused);
    return this.#counted(
      subject,
      name,
      name === 'requests' ? requestsRefusal(subject, result) : tokensRefusal(subject, result, cost),
    );
  }

  #takePlaces(subjects: readonly Subject[]): Lease[] {
    const leases: Lease[] = [];
    for (const subject of subjects) {
      const { concurrent } = subject.limiters;
      if (!concurrent) continue;
      const lease = concurrent.acquire(subject.key);
      if (lease) {
        leases.push(lease);
        continue;
      }
      for (const held of leases) held.release();
      throw this.#counted(subject, 'concurrent', concurrencyRefusal(subject));
    }
    return leases;
  }

  #releasePlaces(): void {
    for (const lease of this.#leases) lease.release();
    this.#leases = [];
  }

  #counted(subject: Subject, name: LimitName, refusal: RpcError): RpcError {
    this.#refused(subject.kind, name);
    return refusal;
  }
}

/** The refusal that holds for longest. */
function longest(refused: ReadonlyMap<Subject, LimitResult>): [Subject, LimitResult] {
  return [...refused].reduce((worst, each) =>
    each[1].retryAfterMs > worst[1].retryAfterMs ? each : worst,
  );
}

function pursesOf(subjects: readonly Subject[], name: 'requests' | 'tokens'): Purse[] {
  return subjects.flatMap(({ key, limiters }) => {
    const limiter = limiters[name];
    return limiter ? [{ limiter, key }] : [];
  });
}
