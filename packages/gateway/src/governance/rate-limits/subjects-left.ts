import type { LimitResult } from '@zeke/foundation/limits';
import type { Subject } from './subject.ts';

/** What is left to one that is limited; what its tier does not limit is absent. */
export interface SubjectLeft {
  readonly subject: Subject;
  readonly requests?: LimitResult | undefined;
  readonly tokens?: LimitResult | undefined;
  /** Requests that may yet be under way. */
  readonly places?: number;
}

/** By the counts of this process. */
export function leftHere(subject: Subject): SubjectLeft {
  const { concurrent, requests, tokens } = subject.limiters;
  const places = concurrent?.remaining(subject.key);
  return {
    subject,
    requests: requests?.check(subject.key, 0),
    tokens: tokens?.check(subject.key, 0),
    ...(places === undefined ? {} : { places }),
  };
}
