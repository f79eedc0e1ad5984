import type { RateLimiter } from '@zeke/foundation/limits';
import type { Subject } from './subject.ts';
import { type RateName, rateNames } from './tier-limiters.ts';

/** What a subject has of a rate, in the limiter that counts it. */
export interface SubjectRate {
  readonly subject: Subject;
  readonly limiter: RateLimiter;
  readonly key: string;
}

/**
 * Those that a request counts for, and which of them have which limits. Groups grow by one subject at
 * a time and remember what they grew to, so the requests of a caller share one that is there already.
 */
export class SubjectGroup {
  readonly subjects: readonly Subject[];
  /** Those whose requests under way are limited. */
  readonly places: readonly Subject[];
  readonly rates: Readonly<Record<RateName, readonly SubjectRate[]>>;
  readonly #grown = new Map<Subject, SubjectGroup>();
  readonly #onMade: () => void;
  /** Of no subject: from there all groups grow. */
  readonly #none: SubjectGroup;

  /** `onMade` is told of each group that grows out of it, as long as it is remembered. */
  constructor(subjects: readonly Subject[], onMade: () => void, none?: SubjectGroup) {
    this.#none = none ?? this;
    this.subjects = subjects;
    this.places = subjects.filter(({ limiters }) => limiters.concurrent !== undefined);
    const [requests, tokens] = rateNames.map((name) => ratesOf(subjects, name));
    this.rates = { requests: requests ?? [], tokens: tokens ?? [] };
    this.#onMade = onMade;
  }

  /** The group of a subject alone. */
  alone(subject: Subject): SubjectGroup {
    return this.#none.with(subject);
  }

  /** The group with one subject more. */
  with(subject: Subject): SubjectGroup {
    const known = this.#grown.get(subject);
    if (known) return known;
    const made = new SubjectGroup([...this.subjects, subject], this.#onMade, this.#none);
    this.#grown.set(subject, made);
    this.#onMade();
    return made;
  }
}

function ratesOf(subjects: readonly Subject[], name: RateName): SubjectRate[] {
  return subjects.flatMap((subject) => {
    const limiter = subject.limiters[name];
    return limiter ? [{ subject, limiter, key: subject.key }] : [];
  });
}
