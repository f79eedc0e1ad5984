import { webcrypto, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@zeke/foundation';

/** A certificate and its key, in PEM. */
export interface OwnCertificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const validDays = 365;
/** One that ends sooner is made anew at a start. */
const renewBeforeDays = 30;

/**
 * The certificate that the daemon made for itself, for names of this machine, kept in `$ZEKE_HOME`.
 * Clients trust it by its file, `rpc-cert.pem`.
 */
export async function ownCertificate(home: string, nowMs: number): Promise<OwnCertificate> {
  const certFile = join(home, 'rpc-cert.pem');
  const keyFile = join(home, 'rpc-key.pem');
  const kept = await read(certFile, keyFile);
  if (kept !== undefined && isGood(kept.cert, nowMs)) return kept;
  const made = await make(nowMs);
  await writeFileAtomically(keyFile, made.key, 0o600);
  await writeFileAtomically(certFile, made.cert, 0o644);
  return made;
}

async function read(certFile: string, keyFile: string): Promise<OwnCertificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { cert, key };
  } catch {
    return undefined;
  }
}

function isGood(cert: string, nowMs: number): boolean {
  try {
    const endsAtMs = Date.parse(new X509Certificate(cert).validTo);
    return endsAtMs - nowMs > renewBeforeDays * dayMs;
  } catch {
    return false;
  }
}

async function make(nowMs: number): Promise<OwnCertificate> {
  await import('reflect-metadata');
  const { SubjectAlternativeNameExtension, X509CertificateGenerator } = await import(
    '@peculiar/x509'
  );
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=zeke',
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + validDays * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = pkcs8.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  const key = `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString('pem'), key };
}
