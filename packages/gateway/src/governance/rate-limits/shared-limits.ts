import type { LimitTierConfig } from '@zeke/foundation';
import { type LimitResult, limitResult, type Rate, rateOf } from '@zeke/foundation/limits';
import type { Replicas } from '../../replicas/replicas.ts';
import { HeldPlaces } from './held-places.ts';
import { chargeScript, movePlacesScript, takeRatesScript, takeScript } from './limit-scripts.ts';
import { wholeOf } from './refusals.ts';
import type { Subject } from './subject.ts';
import type { Costs, SubjectLeft } from './subjects-left.ts';
import { type RateName, rateNames } from './tier-limiters.ts';

/** What is asked of a rate of a subject that has one; a cost below 0 only looks. */
export interface RateAsk {
  readonly subject: Subject;
  readonly what: RateName;
  readonly cost: number;
}

/** What came of asking: of all, or of none. */
export interface TakeAnswer {
  readonly allowed: boolean;
  /** What all replicas held of each place before. */
  readonly held: readonly number[];
  /** In the order of what was asked. */
  readonly results: readonly LimitResult[];
}

/** A rate, and how scripts are told it. */
interface SharedRate {
  readonly rate: Rate;
  /** Other rates count in other units, so they have other keys. */
  readonly name: string;
  readonly units: readonly [perToken: string, perUs: string, capacity: string];
}

type TierRates = Readonly<Record<RateName, SharedRate | undefined>>;

/** Places that are said at once to hold after joining. */
const placesAtOnce = 500;

/**
 * The counts of limits that all replicas share, in Redis. What cannot be known is undefined: then each
 * replica goes by its own part of the limits.
 */
export class SharedLimits {
  /** What this replica holds. */
  readonly places: HeldPlaces;
  readonly #replicas: Replicas;
  readonly #rates = new WeakMap<LimitTierConfig, TierRates>();

  constructor(replicas: Replicas) {
    this.#replicas = replicas;
    this.places = new HeldPlaces((key, by, isTold) => {
      if (!isTold) this.#movePlaces([[key, by]], 'run');
    });
    replicas.link.keepReady([chargeScript, movePlacesScript, takeRatesScript, takeScript]);
    replicas.onJoin(() => this.#sayHeld());
  }

  /** Replicas that there are, or were. */
  get parts(): number {
    return this.#replicas.count;
  }

  /** Takes of rates and places, all or none, in one round trip. Never rejects. */
  async take(
    rates: readonly RateAsk[],
    places: readonly Subject[],
  ): Promise<TakeAnswer | undefined> {
    const { link } = this.#replicas;
    if (!link.isUp) return undefined;
    const reply = await this.#ask(rates, places).catch(() => undefined);
    if (reply === undefined) return undefined;
    const [allowed, ...counts] = reply;
    const held = counts.slice(0, places.length).map(Number);
    const levels = counts.slice(places.length).map(Number);
    const isAllowed = allowed === 1;
    const results = rates.map((ask, index) =>
      resultOf(this.#rateOf(ask).rate, ask.cost, levels[index] ?? 0, isAllowed),
    );
    return { allowed: isAllowed, held, results };
  }

  /** What is left to subjects now, and whether it is enough; undefined where Redis cannot tell. */
  async leftTo(
    subjects: readonly Subject[],
    costs: Costs,
  ): Promise<readonly SubjectLeft[] | undefined> {
    const asks = subjects.flatMap((subject) =>
      rateNames
        .filter((what) => subject.limiters.tier[what])
        .map((what) => ({ subject, what, cost: costs[what] })),
    );
    const places = subjects.filter(({ limiters }) => limiters.tier.concurrent !== undefined);
    const rates = await this.#look(asks);
    const held = await Promise.all(places.map(({ key }) => this.#heldOf(key)));
    if (rates === undefined || held.includes(undefined)) return undefined;
    const resultOfAsk = (subject: Subject, what: RateAsk['what']) =>
      rates[asks.findIndex((ask) => ask.subject === subject && ask.what === what)];
    return subjects.map((subject) => {
      const { concurrent } = subject.limiters.tier;
      const used = held[places.indexOf(subject)] ?? 0;
      return {
        subject: wholeOf(subject),
        requests: resultOfAsk(subject, 'requests'),
        tokens: resultOfAsk(subject, 'tokens'),
        ...(concurrent === undefined ? {} : { places: Math.max(0, concurrent - used) }),
      };
    });
  }

  /** What taking would come to; nothing is taken. Never rejects. */
  async #look(asks: readonly RateAsk[]): Promise<readonly LimitResult[] | undefined> {
    if (!this.#replicas.link.isUp) return undefined;
    const looking = asks.map((ask) => ({ ...ask, cost: -1 }));
    const reply = await this.#ask(looking, []).catch(() => undefined);
    const levels = reply?.slice(1).map(Number);
    return (
      levels &&
      asks.map((ask, at) => resultOf(this.#rateOf(ask).rate, ask.cost, levels[at] ?? 0, false))
    );
  }

  /** Charges what was used already, or gives back. While Redis is lost it is charged to nobody. */
  charge({ subject, what, cost }: RateAsk): void {
    const { name, rate, units } = this.#rateOf({ subject, what });
    const args = [String(cost), units[0], units[1], String(rate.maxLevel)];
    const key = this.#rateKey(what, name, subject);
    this.#replicas.link.run(chargeScript, [key], args).catch(() => undefined);
  }

  /**
   * Gives a key all its requests and tokens, at the rates of any of these tiers; names those of which it
   * had used some. Rejects where Redis does not answer.
   */
  async reset(key: string, tiers: Iterable<LimitTierConfig>): Promise<RateName[]> {
    const all = [...tiers];
    const freed = await Promise.all(
      rateNames.map(async (what) => {
        const names = new Set(all.flatMap((tier) => this.#ratesOf(tier)[what]?.name ?? []));
        const keys = Array.from(names, (name) => this.#rateKey(what, name, { key }));
        if (keys.length === 0) return [];
        return Number(await this.#replicas.link.send('DEL', ...keys)) > 0 ? what : [];
      }),
    );
    return freed.flat();
  }

  #ask(
    rates: readonly RateAsk[],
    places: readonly Subject[],
  ): Promise<readonly unknown[] | undefined> {
    const { keys, link } = this.#replicas;
    const all = [
      ...keys,
      ...places.map(({ key }) => this.#placeKey(key)),
      ...rates.map((ask) => this.#rateKey(ask.what, this.#rateOf(ask).name, ask.subject)),
    ];
    const args = [
      String(places.length),
      ...places.map(({ limiters }) => String(limiters.tier.concurrent)),
      ...rates.flatMap((ask) => [String(ask.cost), ...this.#rateOf(ask).units]),
    ];
    if (places.length === 0) {
      return link.run(takeRatesScript, all, ['', ...args]) as Promise<readonly unknown[]>;
    }
    return this.#replicas.ask((member) => link.run(takeScript, all, [member, ...args]));
  }

  #rateOf({ subject, what }: Pick<RateAsk, 'subject' | 'what'>): SharedRate {
    const found = this.#ratesOf(subject.limiters.tier)[what];
    if (found === undefined) throw new TypeError(`tier ${subject.limiters.name} has no ${what}`);
    return found;
  }

  #ratesOf(tier: LimitTierConfig): TierRates {
    let known = this.#rates.get(tier);
    if (known === undefined) {
      known = { requests: sharedRate(tier.requests), tokens: sharedRate(tier.tokens) };
      this.#rates.set(tier, known);
    }
    return known;
  }

  #rateKey(what: RateName, name: string, { key }: Pick<Subject, 'key'>): string {
    return `${this.#replicas.link.keyPrefix}rate:${what}:${name}:${key}`;
  }

  #placeKey(key: string): string {
    return `${this.#replicas.link.keyPrefix}under-way:${key}`;
  }

  /** What all hold of a place, those that are gone as long as nobody has noticed. */
  async #heldOf(key: string): Promise<number | undefined> {
    const reply = this.#replicas.link.send('HVALS', this.#placeKey(key));
    const counts = (await reply.catch(() => undefined)) as string[] | undefined;
    return counts?.reduce((sum, count) => sum + Number(count), 0);
  }

  #sayHeld(): void {
    const held = [...this.places.entries()];
    for (let from = 0; from < held.length; from += placesAtOnce) {
      this.#movePlaces(held.slice(from, from + placesAtOnce), 'runInTurn');
    }
  }

  /** Of a member that is none any more all is said when it joins again. */
  #movePlaces(
    moves: readonly (readonly [key: string, by: number])[],
    how: 'run' | 'runInTurn',
  ): void {
    const { keys, link, member } = this.#replicas;
    const all = [...keys, ...moves.map(([key]) => this.#placeKey(key))];
    const args = [member, ...moves.map(([, by]) => String(by))];
    link[how](movePlacesScript, all, args).catch(() => undefined);
  }
}

function sharedRate(options: LimitTierConfig['requests']): SharedRate | undefined {
  if (options === undefined) return undefined;
  const rate = rateOf(options);
  return {
    rate,
    name: `${rate.limit}/${options.periodMs}/${rate.burst}`,
    units: [String(rate.unitsPerToken), String(rate.unitsPerUs), String(rate.capacity)],
  };
}

function resultOf(rate: Rate, cost: number, level: number, isAllowed: boolean): LimitResult {
  const next =
    cost > rate.burst ? Number.POSITIVE_INFINITY : level + Math.max(0, cost) * rate.unitsPerToken;
  const excess = Math.max(0, next - rate.capacity);
  const isRefused = cost >= 0 && excess > 0;
  const after = isAllowed ? next : level;
  return limitResult(rate, after, isRefused ? excess : 0, Date.now());
}
