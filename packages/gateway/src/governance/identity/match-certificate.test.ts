import { describe, expect, test } from 'bun:test';
import type { CertificateRuleConfig } from '@zeke/foundation';
import fc from 'fast-check';
import type { ClientCertificate } from '../client-certificate.ts';
import { matchCertificate } from './match-certificate.ts';

const fingerprint = 'ab'.repeat(32);
const certificate: ClientCertificate = {
  subject: ['CN=ci', 'O=Corp', 'OU=eu', 'OU=build'],
  alternativeNames: ['DNS:ci.corp', 'URI:spiffe://corp/ci/7'],
  fingerprint,
  expiresAtMs: 1,
};

function rule(conditions: Partial<CertificateRuleConfig>): CertificateRuleConfig {
  return { name: 'rule', holder: { kind: 'key', id: 'k' }, ...conditions };
}

function starOf(conditions: Partial<CertificateRuleConfig>) {
  const match = matchCertificate([rule(conditions)], certificate);
  return match && { star: match.star };
}

describe('a rule fits', () => {
  test.each([
    [{ subject: ['CN=ci'] }, undefined],
    [{ subject: ['OU=build', 'O=Corp'] }, undefined],
    [{ subject: ['CN=*', 'O=Corp'] }, 'ci'],
    [{ alternativeName: 'DNS:ci.corp' }, undefined],
    [{ alternativeName: 'URI:spiffe://corp/*' }, 'ci/7'],
    [{ alternativeName: 'DNS:*.corp', subject: ['O=Corp'] }, 'ci'],
    [{ fingerprint }, undefined],
    [{ fingerprint, subject: ['CN=c*'] }, 'i'],
  ])('%j', (conditions, star) => {
    expect(starOf(conditions)).toEqual({ star });
  });
});

describe('a rule does not fit', () => {
  test.each([
    [{ subject: ['CN=ci', 'O=Other'] }],
    [{ subject: ['CN=CI'] }],
    // What is one attribute cannot pretend to be another.
    [{ subject: ['O=ci'] }],
    [{ alternativeName: 'DNS:corp' }],
    [{ alternativeName: 'URI:ci.corp' }],
    [{ alternativeName: 'DNS:ci.corp*' }],
    [{ fingerprint: 'cd'.repeat(32), subject: ['CN=ci'] }],
  ])('%j', (conditions) => {
    expect(starOf(conditions)).toBeUndefined();
  });
});

test('the first that fits counts', () => {
  const rules = [
    rule({ name: 'no', subject: ['CN=x'] }),
    rule({ name: 'first', subject: ['O=Corp'] }),
    rule({ name: 'second', subject: ['CN=ci'] }),
  ];
  expect(matchCertificate(rules, certificate)?.rule.name).toBe('first');
});

test('a star gives back what made the name, whatever that is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (before, middle, after) => {
      fc.pre(![before, middle, after].some((part) => part.includes('*')));
      const name = `URI:${before}${middle}${after}`;
      const found = matchCertificate([rule({ alternativeName: `URI:${before}*${after}` })], {
        ...certificate,
        alternativeNames: [name],
      });
      expect(found?.star).toBe(middle);
    }),
    { numRuns: 200 },
  );
});
