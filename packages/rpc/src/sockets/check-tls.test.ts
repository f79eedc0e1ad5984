import { expect, test } from 'bun:test';
import { testCertificates } from '../testing/test-certificates.ts';
import { checkTls, type TlsTexts } from './check-tls.ts';

const { authority, server, client } = await testCertificates();
const cert = server.certificate;
const { key } = server;
const cut = (text: string): string => text.replace(/^.{20}$|^[^-].{40}/m, '');

test('what is right is let through, chains and several authorities too', () => {
  checkTls({});
  checkTls({ ca: authority });
  checkTls({ cert: `${cert}${authority}`, key, ca: `a comment\n${authority}\n${cert}` });
});

const faults: [string, TlsTexts, string][] = [
  ['a name of a file', { cert: '/etc/cert.pem', key }, 'tls.cert is not a text in PEM; give what'],
  ['a name of a key', { cert, key: 'key.pem' }, 'tls.key is not a text in PEM; give what'],
  ['an empty authority', { ca: '' }, 'tls.ca is not a text in PEM'],
  ['a key as certificate', { cert: key, key }, 'tls.cert has no certificate'],
  ['a certificate as key', { cert, key: cert }, 'tls.key is not a private key'],
  [
    'a certificate that was cut',
    { cert: cut(cert), key },
    'tls.cert has a certificate that cannot',
  ],
  ['a key that was cut', { cert, key: cut(key) }, 'tls.key is not a private key in PEM, or'],
  [
    'an authority that was cut',
    { ca: `${authority}${cut(cert)}` },
    'tls.ca has a certificate that',
  ],
  ['a key of somebody else', { cert, key: client.key }, 'tls.key does not belong to'],
  ['no key', { cert }, 'tls.cert is set, but tls.key is not'],
  ['no certificate', { key }, 'tls.key is set, but tls.cert is not'],
  [
    'an encrypted key',
    { cert, key: key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') },
    'tls.key is encrypted: give it without a passphrase',
  ],
];

test.each(faults)('%s is told by its option', (_, tls, message) => {
  expect(() => checkTls(tls)).toThrow(message);
  expect(() => checkTls(tls)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
});
