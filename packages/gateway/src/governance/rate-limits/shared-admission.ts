import type { LimitResult } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import { type Admission, type AdmissionOptions, LocalAdmission } from './admission.ts';
import { Draw, type Place } from './draw.ts';
import { type LimitsLeft, leastOf } from './limit-headers.ts';
import {
  concurrencyRefusal,
  type LimitName,
  requestsRefusal,
  tokensRefusal,
  wholeOf,
} from './refusals.ts';
import type { RateAsk, SharedLimits, TakeAnswer } from './shared-limits.ts';
import type { Subject } from './subject.ts';
import type { SubjectGroup } from './subject-group.ts';

export interface SharedAdmissionOptions extends AdmissionOptions {
  readonly group: SubjectGroup;
  readonly shared: SharedLimits;
}

/**
 * As `LocalAdmission`, by the counts that all replicas share: one round trip for the request, and one
 * for an attempt where tokens or models are limited, which goes out together with that of its budgets. What Redis cannot tell goes by this replica's own
 * part of the limits.
 */
export class SharedAdmission implements Admission {
  readonly #options: SharedAdmissionOptions;
  readonly #own: LocalAdmission;
  /** As they were told last, by subject. */
  readonly #left = {
    requests: new Map<Subject, LimitResult>(),
    tokens: new Map<Subject, LimitResult>(),
  };
  #places: readonly Place[] = [];
  #open = 1;
  #isOwn = false;

  constructor(options: SharedAdmissionOptions) {
    this.#options = options;
    this.#own = new LocalAdmission(options.group, options);
  }

  async begin(): Promise<void> {
    const { subjects } = this.#options.group;
    const asks = [...asksOf(subjects, 'requests', 1), ...asksOf(subjects, 'tokens', look)];
    const places = placesOf(subjects);
    const answer = await this.#take(asks, places);
    if (answer === undefined) {
      this.#isOwn = true;
      this.#own.begin();
    } else this.#places = this.#keep(asks, places, answer);
  }

  draw(
    provider: string,
    model: string,
    estimate: () => number,
  ): Draw | undefined | Promise<Draw | undefined> {
    const { group, modelSubject } = this.#options;
    const ofModel = modelSubject(provider, model);
    const models = ofModel ? [ofModel] : [];
    const spenders = [...group.subjects, ...models].filter(({ limiters }) => limiters.tier.tokens);
    if (!ofModel && spenders.length === 0) return undefined;
    return this.#draw(provider, model, models, spenders, spenders.length > 0 ? estimate() : 0);
  }

  enter(): void {
    this.#open++;
    if (this.#isOwn) this.#own.enter();
  }

  leave(): void {
    this.#open--;
    if (this.#isOwn) this.#own.leave();
    if (this.#open > 0) return;
    for (const place of this.#places) place.release();
    this.#places = [];
  }

  left(): LimitsLeft {
    if (this.#isOwn) return this.#own.left();
    const requests = leastOf([...this.#left.requests.values()]);
    const tokens = leastOf([...this.#left.tokens.values()]);
    return { requests, tokens };
  }

  async #draw(
    provider: string,
    model: string,
    models: readonly Subject[],
    spenders: readonly Subject[],
    estimate: number,
  ): Promise<Draw | undefined> {
    const requests = asksOf(models, 'requests', 1);
    const tokens = asksOf(spenders, 'tokens', estimate > 0 ? estimate : look);
    const asks = [...requests, ...tokens];
    const places = placesOf(models);
    const answer = await this.#take(asks, places);
    if (answer === undefined) return this.#own.draw(provider, model, () => estimate);
    const [lease] = this.#keep(asks, places, answer);
    const purse = ({ subject, what }: RateAsk) => ({
      key: subject.key,
      limiter: {
        charge: (_: string, cost: number) => this.#options.shared.charge({ subject, what, cost }),
      },
    });
    const charged = estimate > 0 ? tokens.map(purse) : [];
    return new Draw({ requests: requests.map(purse), tokens: charged, estimate, lease });
  }

  #take(asks: readonly RateAsk[], places: readonly Subject[]): Promise<TakeAnswer | undefined> {
    if (asks.length + places.length === 0) return Promise.resolve(nothingAsked);
    return this.#options.shared.take(asks, places);
  }

  /** What was taken, for this replica to keep. Throws `resource_exhausted`. */
  #keep(
    asks: readonly RateAsk[],
    places: readonly Subject[],
    { allowed, held, results }: TakeAnswer,
  ): readonly Place[] {
    for (const [index, { subject, what }] of asks.entries()) {
      const result = results[index];
      if (result) this.#left[what].set(subject, result);
    }
    if (allowed) return places.map(({ key }) => this.#options.shared.places.take(key, true));
    const full = places.find(
      ({ limiters }, index) => (held[index] ?? 0) >= (limiters.tier.concurrent ?? 0),
    );
    if (full) throw this.#counted(full, 'concurrent', concurrencyRefusal(wholeOf(full)));
    throw this.#refusal(asks, results, 'requests') ?? this.#refusal(asks, results, 'tokens');
  }

  /** Of several that refuse, the one that does so for longest. */
  #refusal(
    asks: readonly RateAsk[],
    results: readonly LimitResult[],
    what: RateAsk['what'],
  ): RpcError | undefined {
    let worst: { ask: RateAsk; result: LimitResult } | undefined;
    for (const [index, ask] of asks.entries()) {
      const result = results[index];
      if (ask.what !== what || !result || result.allowed) continue;
      if (!worst || result.retryAfterMs > worst.result.retryAfterMs) worst = { ask, result };
    }
    if (!worst) return undefined;
    const { ask, result } = worst;
    const subject = wholeOf(ask.subject);
    const refusal =
      what === 'requests'
        ? requestsRefusal(subject, result)
        : tokensRefusal(subject, result, ask.cost);
    return this.#counted(ask.subject, what, refusal);
  }

  #counted(subject: Subject, name: LimitName, refusal: RpcError): RpcError {
    this.#options.refused(subject.kind, name);
    return refusal;
  }
}

/** A cost that only looks. */
const look = -1;

const nothingAsked: TakeAnswer = { allowed: true, held: [], results: [] };

function asksOf(subjects: readonly Subject[], what: RateAsk['what'], cost: number): RateAsk[] {
  return subjects
    .filter(({ limiters }) => limiters.tier[what])
    .map((subject) => ({ subject, what, cost }));
}

function placesOf(subjects: readonly Subject[]): Subject[] {
  return subjects.filter(({ limiters }) => limiters.tier.concurrent !== undefined);
}
