import { companies, firstNames, lastNames, places } from './fake-words.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Who and where one fake message is about, so that its fields agree with each other. */
export interface FakeSubject {
  readonly first: string;
  readonly last: string;
  readonly company: string;
  readonly city: string;
  readonly country: string;
  readonly countryCode: string;
  readonly timeZone: string;
  readonly currency: string;
}

export function fakeSubject(random: SeededRandom): FakeSubject {
  const [city, country, countryCode, timeZone, currency] = random.pick(places);
  return {
    first: random.pick(firstNames),
    last: random.pick(lastNames),
    company: random.pick(companies),
    city,
    country,
    countryCode,
    timeZone,
    currency,
  };
}

/** `ada.weber`, for names of accounts and mailboxes. */
export function accountOf({ first, last }: FakeSubject): string {
  return `${first}.${last}`.toLowerCase();
}
