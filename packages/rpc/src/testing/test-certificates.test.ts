import { expect, test } from 'bun:test';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { testCertificates } from './test-certificates.ts';

test('certificates chain to their authority, hold their names, and end when they say', async () => {
  const certificates = await testCertificates();
  const authority = new X509Certificate(certificates.authority);
  const server = new X509Certificate(certificates.server.certificate);
  const client = new X509Certificate(certificates.client.certificate);

  expect(authority.ca).toBe(true);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkHost('localhost')).toBe('localhost');
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(client.verify(authority.publicKey)).toBe(true);
  expect(client.subjectAltName).toBe('URI:spiffe://test/client');
  expect(client.checkPrivateKey(createPrivateKey(certificates.client.key))).toBe(true);

  for (const expired of [certificates.expiredServer, certificates.expiredClient]) {
    const certificate = new X509Certificate(expired.certificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo)).toBeLessThan(Date.now());
  }
  for (const stranger of [certificates.strangerServer, certificates.strangerClient]) {
    expect(new X509Certificate(stranger.certificate).verify(authority.publicKey)).toBe(false);
  }
});
