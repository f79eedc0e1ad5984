import type { Lease, LimitResult } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import { Draw } from './draw.ts';
import type { HeldClock } from './held-clock.ts';
import { type LimitsLeft, limitsLeft } from './limit-headers.ts';
import { concurrencyRefusal, type LimitName, requestsRefusal, tokensRefusal } from './refusals.ts';
import type { Subject } from './subject.ts';
import type { SubjectGroup, SubjectRate } from './subject-group.ts';
import type { RateName } from './tier-limiters.ts';

/** What the admissions of all requests have in common. */
export interface AdmissionOptions {
  /** The one that a model's requests count for, where it is limited. */
  readonly modelSubject: (provider: string, model: string) => Subject | undefined;
  readonly refused: (entity: string, limit: string) => void;
  /** What limiters of this process go by. */
  readonly clock: HeldClock;
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
  /** What is left to the caller now. */
  left(): LimitsLeft;
}

/** By the counts of this process. */
export class LocalAdmission implements Admission {
  readonly #group: SubjectGroup;
  readonly #options: AdmissionOptions;
  #leases: readonly Lease[] = noLeases;
  /** The answer's making, and attempts that have not ended. */
  #open = 1;

  constructor(group: SubjectGroup, options: AdmissionOptions) {
    this.#group = group;
    this.#options = options;
  }

  begin(): void {
    const { places, rates } = this.#group;
    const { clock } = this.#options;
    clock.stop();
    try {
      this.#leases = this.#takePlaces(places);
      const refusal = this.#take(rates.requests, 'requests', 1);
      if (!refusal) return;
      this.#releasePlaces();
      throw refusal;
    } finally {
      clock.goOn();
    }
  }

  draw(provider: string, model: string, estimate: () => number): Draw | undefined {
    const { clock, modelSubject } = this.#options;
    const ofModel = modelSubject(provider, model);
    clock.stop();
    try {
      return ofModel ? this.#drawOfModel(ofModel, estimate) : this.#drawTokens(estimate);
    } finally {
      clock.goOn();
    }
  }

  enter(): void {
    this.#open++;
  }

  leave(): void {
    this.#open--;
    if (this.#open > 0) return;
    const { clock } = this.#options;
    clock.stop();
    this.#releasePlaces();
    clock.goOn();
  }

  left(): LimitsLeft {
    const { clock } = this.#options;
    clock.stop();
    const left = limitsLeft(this.#group);
    clock.goOn();
    return left;
  }

  #drawTokens(estimate: () => number): Draw | undefined {
    const { tokens } = this.#group.rates;
    const cost = tokens.length > 0 ? estimate() : 0;
    // What takes none is charged for none.
    if (cost === 0) return undefined;
    const spent = this.#take(tokens, 'tokens', cost);
    if (spent) throw spent;
    const { clock } = this.#options;
    return new Draw({ requests: noRates, tokens, estimate: cost, lease: undefined, clock });
  }

  #drawOfModel(ofModel: Subject, estimate: () => number): Draw {
    const alone = this.#group.alone(ofModel);
    const { tokens } = this.#group.with(ofModel).rates;
    const [lease] = this.#takePlaces(alone.places);
    const { requests } = alone.rates;
    const busy = this.#take(requests, 'requests', 1);
    if (busy) {
      lease?.release();
      throw busy;
    }
    const { clock } = this.#options;
    const cost = tokens.length > 0 ? estimate() : 0;
    if (cost === 0) return new Draw({ requests, tokens: noRates, estimate: 0, lease, clock });
    const spent = this.#take(tokens, 'tokens', cost);
    if (!spent) return new Draw({ requests, tokens, estimate: cost, lease, clock });
    for (const { limiter, key } of requests) limiter.charge(key, -1);
    lease?.release();
    throw spent;
  }

  /** Of all or of none: then the refusal that holds for longest. */
  #take(rates: readonly SubjectRate[], name: RateName, cost: number): RpcError | undefined {
    let refused: Map<Subject, LimitResult> | undefined;
    for (const { subject, limiter, key } of rates) {
      const result = limiter.refusal(key, cost);
      if (!result) continue;
      refused ??= new Map();
      refused.set(subject, result);
    }
    if (!refused) return undefined;
    for (const { subject, limiter, key } of rates) {
      if (!refused.has(subject)) limiter.charge(key, -cost);
    }
    const [subject, result] = longest(refused);
    return this.#counted(
      subject,
      name,
      name === 'requests' ? requestsRefusal(subject, result) : tokensRefusal(subject, result, cost),
    );
  }

  #takePlaces(subjects: readonly Subject[]): readonly Lease[] {
    if (subjects.length === 0) return noLeases;
    const leases: Lease[] = [];
    for (const subject of subjects) {
      const lease = subject.limiters.concurrent?.acquire(subject.key);
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
    this.#leases = noLeases;
  }

  #counted(subject: Subject, name: LimitName, refusal: RpcError): RpcError {
    this.#options.refused(subject.kind, name);
    return refusal;
  }
}

const noLeases: readonly Lease[] = [];
const noRates: readonly SubjectRate[] = [];

/** The refusal that holds for longest. */
function longest(refused: ReadonlyMap<Subject, LimitResult>): [Subject, LimitResult] {
  return [...refused].reduce((worst, each) =>
    each[1].retryAfterMs > worst[1].retryAfterMs ? each : worst,
  );
}
