import { accountOf, type FakeSubject } from './fake-subject.ts';
import { fakeDate } from './fake-time.ts';
import {
  colors,
  locales,
  mediaTypes,
  nouns,
  products,
  sentences,
  streets,
  tags,
} from './fake-words.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a value may be guessed from. */
export interface FakeHints {
  readonly random: SeededRandom;
  readonly subject: FakeSubject;
  /** The field's name as in the `.proto`: `customer_name`. */
  readonly name: string;
  /** The message's own name in the same spelling: `order_line`. */
  readonly owner: string;
}

/** A text that a field of this name may well hold. */
export function fakeText(hints: FakeHints): string {
  const rule = rules.find(([pattern]) => pattern.test(hints.name));
  return rule === undefined ? `${hints.random.pick(nouns)}` : rule[1](hints);
}

type Rule = readonly [RegExp, (hints: FakeHints) => string];

/** The first that fits counts: what says more stands before what says less. */
const rules: readonly Rule[] = [
  [words('e?mail|mailbox'), ({ subject }) => `${accountOf(subject)}@example.com`],
  [words('first_name|given_name|forename'), ({ subject }) => subject.first],
  [words('last_name|family_name|surname'), ({ subject }) => subject.last],
  [words('user_?name|login|account_name|handle|nick'), ({ subject }) => accountOf(subject)],
  [words('user_agent'), () => 'Mozilla/5.0 (X11; Linux x86_64) Example/1.0'],
  [words('time_?zone|tz'), ({ subject }) => subject.timeZone],
  [words('currency|currency_code'), ({ subject }) => subject.currency],
  [words('country_code|region_code'), ({ subject }) => subject.countryCode],
  [words('country'), ({ subject }) => subject.country],
  [words('locale|language|lang|language_code'), ({ random }) => random.pick(locales)],
  [words('city|town|locality'), ({ subject }) => subject.city],
  [words('zip|zip_code|postal_code|postcode'), ({ random }) => digits(random, 5)],
  [words('ipv6'), ({ random }) => `2001:db8::${random.hex(4)}`],
  [words('ip|ip_address|ipv4'), ({ random }) => `192.0.2.${random.integer(1, 254)}`],
  [words('street|address|address_line'), street],
  [words('phone|mobile|telephone|fax'), ({ random }) => `+1 555 01${digits(random, 2)}`],
  [words('host|hostname|domain'), ({ random }) => `${random.pick(nouns)}.example.com`],
  [words('url|uri|link|href|website|homepage|endpoint'), url],
  [words('image|avatar|photo|picture|thumbnail|icon'), (hints) => `${url(hints)}.png`],
  [words('type_url'), () => 'type.googleapis.com/google.protobuf.Empty'],
  [words('mime|mime_type|content_type|media_type'), ({ random }) => random.pick(mediaTypes)],
  [words('page_token|next_page_token|cursor|continuation'), () => ''],
  [words('password|passphrase|secret|token|api_key|credential'), fakeSecret],
  [words('sha|sha256|hash|checksum|digest|fingerprint|etag'), ({ random }) => random.hex(32)],
  [words('uuid|guid'), ({ random }) => uuid(random)],
  [words('sku|part_number|isbn|barcode'), ({ random }) => `SKU-${digits(random, 5)}`],
  [words('id|identifier|key|ref|reference'), identifier],
  [words('version|revision'), ({ random }) => `${random.integer(0, 4)}.${random.integer(0, 20)}.0`],
  [words('path|file_path|directory|folder'), ({ random }) => `/var/example/${random.pick(nouns)}`],
  [words('file|filename|file_name|attachment'), ({ random }) => `${random.pick(nouns)}.txt`],
  [words('date|day|birthday'), (hints) => fakeDate(hints).slice(0, 10)],
  [words('time|timestamp|at'), fakeDate],
  [words('color|colour'), ({ random }) => random.pick(colors)],
  [words('company|organi[sz]ation|employer|vendor|brand'), ({ subject }) => subject.company],
  [words('product|item|article'), ({ random }) => random.pick(products)],
  [words('tag|label|category|keyword|topic'), ({ random }) => random.pick(tags)],
  [words('status|state|phase'), ({ random }) => random.pick(['active', 'pending', 'done'])],
  [words('role'), ({ random }) => random.pick(['user', 'assistant', 'admin'])],
  [words('slug|code'), ({ random }) => `${random.pick(nouns)}-${digits(random, 2)}`],
  [words('title|subject|headline'), ({ random }) => capital(random.pick(nouns))],
  [words('name|display_name|full_name|author|creator|customer|owner|contact'), fullName],
  [words('description|summary|text|content|body|message|comment|note|reason|bio|detail'), sentence],
];

/** Matches where one of these stands as whole words, at the beginning, the end, or alone; `s` may follow. */
function words(alternatives: string): RegExp {
  return new RegExp(`(?:^|_)(?:${alternatives})s?(?:_|$)`);
}

function street({ random }: FakeHints): string {
  return `${random.integer(1, 120)} ${random.pick(streets)} Street`;
}

function url({ random }: FakeHints): string {
  return `https://example.com/${random.pick(nouns)}/${digits(random, 4)}`;
}

/** Nobody should take it for a real one. */
function fakeSecret({ random }: FakeHints): string {
  return `fake-${random.hex(16)}`;
}

function uuid(random: SeededRandom): string {
  const variant = random.pick(['8', '9', 'a', 'b']);
  const tail = `${variant}${random.hex(3)}-${random.hex(12)}`;
  return `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-${tail}`;
}

/** `order_…` for the id of an order, `customer_…` for a `customer_id`. */
function identifier({ random, name, owner }: FakeHints): string {
  const about = name.replace(/_?(?:id|identifier|key|ref|reference)s?$/, '');
  return `${about === '' ? owner : about}_${random.hex(8)}`;
}

function fullName({ subject, name, owner, random }: FakeHints): string {
  const about = name === 'name' || name === 'display_name' ? owner : name;
  if (/company|organi[sz]ation|vendor|tenant|team/.test(about)) return subject.company;
  if (/product|item|article|line/.test(about)) return random.pick(products);
  if (persons.test(about)) return `${subject.first} ${subject.last}`;
  return `${random.pick(nouns)}-${digits(random, 2)}`;
}

const persons =
  /name_of|full|author|creator|customer|owner|contact|user|person|people|member|employee|patient|student|reply|request|profile|account|recipient|sender|guest/;

function sentence({ random }: FakeHints): string {
  return random.pick(sentences);
}

function digits(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => String(random.integer(0, 9))).join('');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
