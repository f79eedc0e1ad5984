import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both in PEM. */
export interface TestIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** What the tests of TLS need; made anew in every process, never written anywhere. */
export interface TestCertificates {
  /** The authority that signed all but the stranger's, in PEM. */
  readonly authority: string;
  /** `localhost`, `127.0.0.1` and `::1`. */
  readonly server: TestIdentity;
  /** The same names; ended yesterday. */
  readonly expiredServer: TestIdentity;
  /** `CN=test-client`, `URI:spiffe://test/client`. */
  readonly client: TestIdentity;
  /** As the client's; ended yesterday. */
  readonly expiredClient: TestIdentity;
  /** As the client's, but signed by an authority that nobody trusts. */
  readonly strangerClient: TestIdentity;
  /** `localhost` as well, signed by that other authority. */
  readonly strangerServer: TestIdentity;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const serverNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
] as const;
const clientNames = [{ type: 'url', value: 'spiffe://test/client' }] as const;

let made: Promise<TestCertificates> | undefined;

/** An authority with servers and clients (ECDSA P-256); made once for each process, in some 20 ms. */
export function testCertificates(): Promise<TestCertificates> {
  made ??= make();
  return made;
}

async function make(): Promise<TestCertificates> {
  const authority = await makeAuthority('Test authority');
  const stranger = await makeAuthority('Test authority of strangers');
  return {
    authority: authority.certificate.toString('pem'),
    server: await issue(authority, 'localhost', serverNames, 1),
    expiredServer: await issue(authority, 'localhost', serverNames, -1),
    client: await issue(authority, 'test-client', clientNames, 1),
    expiredClient: await issue(authority, 'test-client', clientNames, -1),
    strangerClient: await issue(stranger, 'test-client', clientNames, 1),
    strangerServer: await issue(stranger, 'localhost', serverNames, 1),
  };
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function makeAuthority(name: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() + dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate, keys };
}

async function issue(
  authority: Authority,
  commonName: string,
  names: readonly { readonly type: 'dns' | 'ip' | 'url'; readonly value: string }[],
  endsInDays: number,
): Promise<TestIdentity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() + endsInDays * dayMs),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([...names]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { certificate: certificate.toString('pem'), key: pem('PRIVATE KEY', key) };
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
