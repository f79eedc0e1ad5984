import { expect, test } from 'bun:test';
import { fakeNumber } from './fake-number.ts';
import { fakeSubject } from './fake-subject.ts';
import { type FakeHints, fakeText } from './fake-text.ts';
import { fakeTimeMs } from './fake-time.ts';
import { SeededRandom } from './seeded-random.ts';

function hintsFor(name: string, owner = 'thing'): FakeHints {
  const random = new SeededRandom('x');
  return { random, subject: fakeSubject(random), name, owner };
}

const cases: [name: string, pattern: RegExp][] = [
  ['email', /^[a-z]+\.[a-z]+@example\.com$/],
  ['contact_emails', /@example\.com$/],
  ['customer_name', /^[A-Z][a-z]+ [A-Z][a-z]+$/],
  ['order_id', /^order_[0-9a-f]{8}$/],
  ['id', /^thing_[0-9a-f]{8}$/],
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
  ['access_token', /^fake-[0-9a-f]{16}$/],
  ['next_page_token', /^$/],
  ['avatar', /^https:\/\/example\.com\/.*\.png$/],
  ['ip_address', /^192\.0\.2\.\d+$/],
  ['created_at', /^2026-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ['phone', /^\+1 555 01\d\d$/],
  ['sku', /^SKU-\d{5}$/],
  ['description', / .*\.$/],
  ['whatever', /^[a-z]+$/],
];

test.each(cases)('a text called %s looks like one', (name, pattern) => {
  expect(fakeText(hintsFor(name))).toMatch(pattern);
});

test('the texts of one subject agree', () => {
  const hints = hintsFor('email');
  const name = fakeText({ ...hints, name: 'full_name', owner: 'user' });
  expect(fakeText(hints)).toBe(`${name.toLowerCase().replace(' ', '.')}@example.com`);
});

test('numbers stay within what their type and their name allow', () => {
  const int32 = { isFraction: false, isUnsigned: false, bits: 32 };
  const uint32 = { ...int32, isUnsigned: true };
  const double = { isFraction: true, isUnsigned: false, bits: 64 };
  for (const name of ['longitude', 'port', 'created_at', 'created_at_ms', 'price', 'temperature']) {
    for (let seed = 0; seed < 50; seed++) {
      const hints = { ...hintsFor(name), random: new SeededRandom(seed) };
      const signed = fakeNumber(hints, int32);
      expect(signed === (signed | 0)).toBe(true);
      expect(fakeNumber(hints, uint32)).toBeGreaterThanOrEqual(0);
    }
  }
  expect(fakeNumber(hintsFor('score'), double)).toBeLessThanOrEqual(1);
  expect(fakeNumber(hintsFor('created_at_ms'), double)).toBeGreaterThan(1.7e12);
});

test('things are changed after they are made, and expire after that', () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = new SeededRandom(seed);
    const made = fakeTimeMs({ random, name: 'created_at' });
    const changed = fakeTimeMs({ random, name: 'updated_at' });
    const expires = fakeTimeMs({ random, name: 'expires_at' });
    expect(made).toBeLessThan(changed);
    expect(changed).toBeLessThan(expires);
  }
});
