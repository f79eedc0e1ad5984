import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type JsonGeneralNames,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';

/** A certificate with its key, in PEM. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** `CN=ci,O=Corp`. */
  readonly subject: string;
  /** Default: none. */
  readonly names?: JsonGeneralNames;
  /** From now; negative for one that is over. Default 1. */
  readonly endsInDays?: number;
  /** Hexadecimal; default: any. */
  readonly serial?: string;
}

/** The names of a server on this machine. */
export const localNames: JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

/** Issues certificates, made anew each time, never written anywhere. */
export interface TestAuthority {
  /** Its own certificate, in PEM. */
  readonly cert: string;
  issue(options: IssueOptions): Promise<TestIdentity>;
  /** A list of revoked serial numbers, in PEM. */
  revoke(serials: readonly string[]): Promise<string>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

export async function testAuthority(name = 'Trusted'): Promise<TestAuthority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: inDays(-3),
    notAfter: inDays(3),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const signing = { signingKey: keys.privateKey, signingAlgorithm: algorithm };
  return {
    cert: certificate.toString('pem'),
    async issue({ subject, names, endsInDays = 1, serial }) {
      const own = await newKeys();
      const issued = await X509CertificateGenerator.create({
        ...signing,
        subject,
        issuer: certificate.subject,
        notBefore: inDays(-2),
        notAfter: inDays(endsInDays),
        publicKey: own.publicKey,
        ...(serial === undefined ? {} : { serialNumber: serial }),
        extensions: names === undefined ? [] : [new SubjectAlternativeNameExtension(names)],
      });
      return { cert: issued.toString('pem'), key: await pemOf(own.privateKey) };
    },
    async revoke(serials) {
      const list = await X509CrlGenerator.create({
        ...signing,
        issuer: certificate.subject,
        thisUpdate: inDays(-1),
        nextUpdate: inDays(1),
        // BoringSSL takes no empty list of extensions.
        extensions: [await AuthorityKeyIdentifierExtension.create(keys.publicKey)],
        entries: serials.map((serialNumber) => ({
          serialNumber,
          revocationDate: inDays(-1),
          reason: X509CrlReason.keyCompromise,
        })),
      });
      // The library writes its own name of it, which OpenSSL does not know.
      return list.toString('pem').replaceAll(' CRL-----', ' X509 CRL-----');
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function pemOf(privateKey: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', privateKey);
  const lines = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * dayMs);
}
