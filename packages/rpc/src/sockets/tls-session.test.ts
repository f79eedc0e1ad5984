import { expect, test } from 'bun:test';
import { splitAlternativeNames, tlsSession } from './tls-session.ts';

test('alternative names come apart', () => {
  expect(splitAlternativeNames('DNS:a.example, IP Address:127.0.0.1, URI:spiffe://a/b')).toEqual([
    'DNS:a.example',
    'IP Address:127.0.0.1',
    'URI:spiffe://a/b',
  ]);
  expect(splitAlternativeNames('')).toEqual([]);
});

test('a name that holds another one stays one', () => {
  expect(splitAlternativeNames('DNS:"evil, URI:spiffe://a/victim, DNS:x", DNS:b')).toEqual([
    'DNS:evil, URI:spiffe://a/victim, DNS:x',
    'DNS:b',
  ]);
  expect(splitAlternativeNames('DNS:"a\\u0000\\"b"')).toEqual(['DNS:a\0"b']);
});

test('a peer without a certificate has none', () => {
  expect(tlsSession('h2', undefined)).toEqual({ protocol: 'h2', certificate: undefined });
  expect(tlsSession(false, {})).toEqual({ protocol: '', certificate: undefined });
});

test('a certificate has the first of its names, and its fingerprint in hexadecimal', () => {
  const session = tlsSession(null, {
    subject: { CN: ['first', 'second'] },
    fingerprint256: 'AB:01',
  });
  expect(session.certificate).toEqual({
    subject: 'first',
    alternativeNames: [],
    fingerprint: 'ab01',
  });
});
