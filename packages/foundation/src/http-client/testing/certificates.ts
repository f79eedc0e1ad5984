import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** What a server proves itself with, in PEM. */
interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Good and bad certificates, made anew for each call, never written anywhere. */
export interface TestCertificates {
  /** The authority of all but the stranger's. */
  readonly authority: string;
  /** `localhost` and 127.0.0.1. */
  readonly good: ServerIdentity;
  /** `other.example` and 127.0.0.9. */
  readonly misnamed: ServerIdentity;
  /** `localhost` and 127.0.0.1, until yesterday. */
  readonly expired: ServerIdentity;
  /** `localhost` and 127.0.0.1, of an authority that nobody trusts. */
  readonly stranger: ServerIdentity;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

export async function testCertificates(): Promise<TestCertificates> {
  const authority = await makeAuthority('Trusted');
  const stranger = await makeAuthority('Stranger');
  return {
    authority: authority.certificate.toString('pem'),
    good: await issue(authority, 'localhost', '127.0.0.1', 1),
    misnamed: await issue(authority, 'other.example', '127.0.0.9', 1),
    expired: await issue(authority, 'localhost', '127.0.0.1', -1),
    stranger: await issue(stranger, 'localhost', '127.0.0.1', 1),
  };
}

type Authority = Awaited<ReturnType<typeof makeAuthority>>;

async function makeAuthority(name: string) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() + dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate, keys };
}

async function issue(
  { certificate, keys: { privateKey: signingKey } }: Authority,
  name: string,
  address: string,
  endsInDays: number,
): Promise<ServerIdentity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issued = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: certificate.subject,
    notBefore: new Date(Date.now() - 2 * dayMs),
    notAfter: new Date(Date.now() + endsInDays * dayMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: name },
        { type: 'ip', value: address },
      ]),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const lines = Buffer.from(key).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: issued.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
  };
}
