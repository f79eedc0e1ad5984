import { describe, expect, test } from 'bun:test';
import { personalDataKinds } from '@zeke/foundation';
import fc from 'fast-check';
import { findIn, TextRule } from '../text-rule.ts';
import { entropyOf, passesLuhn, passesMod97 } from './checksums.ts';
import { denyListDetectors, maxDeniedChars } from './deny-list.ts';
import type { Detector } from './detector.ts';
import { maxPersonalDataChars, personalDataDetectors } from './personal-data.ts';
import { maxSecretChars, secretDetectors } from './secrets.ts';

function finder(detectors: readonly Detector[], maxChars: number) {
  const rule = new TextRule({ name: 'r', type: 't', action: 'redact', detectors, maxChars });
  return (text: string) =>
    findIn(text, [rule], 'plain').map(({ end, kind, start }) => [kind, text.slice(start, end)]);
}

describe('personal data', () => {
  const find = finder(personalDataDetectors(personalDataKinds), maxPersonalDataChars);

  test.each([
    ['email', 'Mail ada+x@mail.example.co.uk.', 'ada+x@mail.example.co.uk'],
    ['email', "<o'x@y.org>", 'x@y.org'],
    ['phone', 'call +44 20 7946 0958!', '+44 20 7946 0958'],
    ['phone', 'or (212) 555-0187,', '(212) 555-0187'],
    ['phone', '+49(0)30/1234567', '+49(0)30/1234567'],
    ['iban', 'IBAN GB82 WEST 1234 5698 7654 32.', 'GB82 WEST 1234 5698 7654 32'],
    ['iban', 'to NL91ABNA0417164300 now', 'NL91ABNA0417164300'],
    ['payment_card', 'card 4111-1111-1111-1111 12/29', '4111-1111-1111-1111'],
    ['payment_card', '"5555555555554444"', '5555555555554444'],
    ['payment_card', 'room 12 378282246310005', '378282246310005'],
    ['us_ssn', 'SSN 536-90-4399.', '536-90-4399'],
    ['ip_address', 'from 203.0.113.77:8080', '203.0.113.77'],
    ['ip_address', 'at 2001:db8::8a2e:370:7334', '2001:db8::8a2e:370:7334'],
    ['br_cpf', 'CPF 529.982.247-25', '529.982.247-25'],
    ['es_dni', 'DNI 12345678Z', '12345678Z'],
  ])('%s in %p', (kind, text, found) => {
    expect(find(text)).toEqual([[kind, found]]);
  });

  test.each([
    'a@b',
    '@ada you',
    'x = y@2',
    '127.0.0.1',
    '10:20:30',
    'std::string',
    '4111 1111 1111 1112',
    '1234567812345670',
    'id 41111111111111110',
    '0.4111111111111111',
    '000-12-3456',
    '666-12-3456',
    '123-45-67890',
    '2026-11-22',
    'GB82 WEST 1234 5698 7654 33',
    '529.982.247-26',
    '12345678A',
    '+1',
    'call 555 1234',
    '1700000000000',
    '1.5e-12',
  ])('nothing in %p', (text) => {
    expect(find(text)).toEqual([]);
  });
});

describe('secrets', () => {
  const find = finder(
    secretDetectors(() => false),
    maxSecretChars,
  );
  const join = (...parts: string[]) => parts.join('');

  test.each([
    ['github-pat', join('gh', 'p_', '4fK9xQ2mZ7vB1nL8sD3wR6tY5uH0jGcEaPiO')],
    ['aws-access-token', join('AK', 'IA', 'Q3EGXK7VZ2RT5WBM')],
    ['slack-bot-token', join('xo', 'xb-', '123456789012-123456789012-aBcDeFgHiJkLmNoPqRsTuVwX')],
    ['stripe-access-token', join('sk_', 'live_', '4eC39HqLyjWDarjtT1zdp7dc')],
    ['llm-api-key', join('sk-', 'proj-', 'x9Kq2Lm7Zp4Rt8Vw1Yb6Nc3Hd5Jf0Gs')],
    ['zeke-key', join('z', 'k-', 'A'.repeat(20), 'b9_'.repeat(7), 'xy')],
    ['password-in-url', 'postgres://app:hunter22@'],
    [
      'jwt',
      join(
        'ey',
        'JhbGciOiJIUzI1NiIsInR5',
        '.ey',
        'JzdWIiOiIxMjM0NTY3ODkw',
        '.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
      ),
    ],
  ])('%s', (kind, secret) => {
    expect(find(`it is ${secret}\nand more`)).toEqual([[kind, secret]]);
  });

  test('not what only looks like one', () => {
    for (const text of [
      join('AK', 'IA', 'IOSFODNN7EXAMPLE'),
      join('gh', 'p_', 'x'.repeat(36)),
      'sk-learn and sk-proj-ect',
      'https://example.org/a:b/c@d',
      '-----BEGIN PUBLIC KEY-----\nMIIB',
      'a file that begins with -----BEGIN PRIVATE KEY----- is one',
    ]) {
      expect(find(text)).toEqual([]);
    }
  });

  test('a private key to its end, or as far as it goes', () => {
    const lines = Array.from(
      { length: 20 },
      () => 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ==',
    ).join('\n');
    const key = (kind: string) => `-----BEGIN ${kind}-----\n${lines}\n`;
    const whole = `${key('RSA PRIVATE KEY')}-----END RSA PRIVATE KEY-----`;
    expect(find(`${whole} is it`)).toEqual([['private-key', whole]]);
    expect(find(`${key('EC PRIVATE KEY')} was cut`)).toEqual([
      ['private-key', key('EC PRIVATE KEY').trimEnd()],
    ]);
  });
});

test('words stand by themselves, in any case, and patterns are what they are', () => {
  const find = finder(
    denyListDetectors({
      words: ['Falcon', 'C++', 'größe'],
      patterns: ['no-\\d+'],
      ignoreCase: true,
    }),
    maxDeniedChars,
  );
  expect(find('falcon FALCONS falcon-9 C++, GRÖßE Übergröße NO-12')).toEqual([
    ['denied', 'falcon'],
    ['denied', 'falcon'],
    ['denied', 'C++'],
    ['denied', 'GRÖßE'],
    ['denied', 'NO-12'],
  ]);
});

test('a digit that is wrong fails the checksum, whichever it is', () => {
  fc.assert(
    fc.property(fc.nat({ max: 15 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
      const digits = [...'4111111111111111'];
      digits[at] = String((Number(digits[at]) + by) % 10);
      expect(passesLuhn(digits.join(''))).toBe(false);
    }),
  );
  expect(passesMod97('DE89370400440532013000')).toBe(true);
  expect(passesMod97('DE89370400440532013001')).toBe(false);
  expect(entropyOf('aaaa')).toBe(0);
  expect(entropyOf('abcd')).toBe(2);
});
