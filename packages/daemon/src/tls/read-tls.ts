import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from '@zeke/foundation';

/** What is read of each file; certificates of many authorities are far below it. */
const maxFileBytes = 1_048_576;

/** What TLS is spoken with: texts in PEM, which belong together. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Authorities of clients; absent where no client is asked. */
  readonly ca?: string;
  /** Lists of revoked certificates of clients. */
  readonly crl?: string;
  readonly clientAuth: TlsConfig['clientAuth'];
  readonly minVersion: TlsConfig['minVersion'];
}

export type ReadTlsResult =
  | {
      readonly ok: true;
      readonly material: TlsMaterial;
      /** The server's certificate, for the log. */
      readonly certificate: { readonly subject: string; readonly expiresAtMs: number };
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Reads the files of `[server.tls]` and sees that they can be used together. All that is wrong is
 * told at once, each with its key and file; no fault holds anything of a private key. A certificate
 * that is over, or not valid yet, is a warning: clients refuse it, but a clock may be wrong.
 */
export async function readTls(config: TlsConfig, nowMs: number): Promise<ReadTlsResult> {
  const faults: string[] = [];
  const warnings: string[] = [];
  const { certFile, keyFile, clientAuth, clientCaFile, clientCrlFile, minVersion } = config;
  const reading = [
    readText('cert_file', certFile),
    readText('key_file', keyFile),
    readText('client_ca_file', clientCaFile),
    readText('client_crl_file', clientCrlFile),
  ];
  // In the order of the keys, whichever file was read first.
  const [cert, key, ca, crl] = (await Promise.all(reading)).map(({ fault, text }) => {
    if (fault !== undefined) faults.push(fault);
    return text;
  });
  const tell = (list: string[], name: string, file: string | undefined) => (message: string) =>
    void list.push(`server.tls.${name}: ${file}: ${message}`);
  const chain = cert === undefined ? [] : certificatesIn(cert, tell(faults, 'cert_file', certFile));
  const keyFault = tell(faults, 'key_file', keyFile);
  const privateKey = key === undefined ? undefined : readKey(key, keyFault);
  const [own] = chain;
  if (own && privateKey && !own.checkPrivateKey(privateKey)) {
    keyFault(`it is not the key of the first certificate in ${certFile}`);
  }
  const authorities =
    ca === undefined ? [] : certificatesIn(ca, tell(faults, 'client_ca_file', clientCaFile));
  if (crl !== undefined && !crl.includes('-----BEGIN X509 CRL-----')) {
    tell(faults, 'client_crl_file', clientCrlFile)('it has no -----BEGIN X509 CRL-----');
  }
  if (faults.length > 0 || own === undefined || cert === undefined || key === undefined) {
    return { ok: false, faults };
  }
  for (const each of chain) warnOfTime(each, nowMs, tell(warnings, 'cert_file', certFile));
  for (const each of authorities) {
    warnOfTime(each, nowMs, tell(warnings, 'client_ca_file', clientCaFile));
  }
  const material: TlsMaterial = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    clientAuth,
    minVersion,
  };
  const unusable = refusal(material);
  if (unusable !== undefined) return { ok: false, faults: [unusable] };
  const { subject, validToDate } = own;
  const certificate = { subject: oneLine(subject), expiresAtMs: validToDate.getTime() };
  return { ok: true, material, certificate, warnings };
}

interface ReadText {
  readonly text?: string;
  readonly fault?: string;
}

async function readText(name: string, path: string | undefined): Promise<ReadText> {
  if (path === undefined) return {};
  const fault = (message: string) => ({ fault: `server.tls.${name}: ${path}: ${message}` });
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxFileBytes) return fault(`it is larger than ${maxFileBytes} bytes`);
    return { text: await file.readFile('utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return fault('there is no such file');
    if (code === 'EACCES') return fault('it may not be read: check its owner and mode');
    if (code === 'EISDIR') return fault('it is a folder');
    return fault(`it cannot be read: ${message}`);
  }
}

type Remark = (message: string) => void;

function certificatesIn(text: string, fault: Remark): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) fault('it has no -----BEGIN CERTIFICATE----- with its end');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    fault('it has a certificate that cannot be read: was the text cut?');
    return [];
  }
}

function readKey(text: string, fault: Remark): KeyObject | undefined {
  if (text.includes('ENCRYPTED')) {
    fault('it is encrypted: give it without a passphrase (openssl pkey -in … -out …)');
    return undefined;
  }
  try {
    return createPrivateKey(text);
  } catch {
    fault('it is no private key in PEM, or the text was cut');
    return undefined;
  }
}

function warnOfTime(certificate: X509Certificate, nowMs: number, warn: Remark): void {
  const { subject, validFromDate, validToDate } = certificate;
  const name = oneLine(subject);
  if (validToDate.getTime() <= nowMs) {
    warn(`the certificate ${name} expired at ${validToDate.toISOString()}; clients refuse it`);
  } else if (validFromDate.getTime() > nowMs) {
    warn(`the certificate ${name} is not valid before ${validFromDate.toISOString()}`);
  }
}

/** What the TLS library itself says against it. */
function refusal({ cert, key, ca, crl }: TlsMaterial): string | undefined {
  try {
    createSecureContext({ cert, key, ...(ca ? { ca } : {}), ...(crl ? { crl } : {}) });
    return undefined;
  } catch (error) {
    return `server.tls: its files cannot be used: ${error instanceof Error ? error.message : error}`;
  }
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ').slice(0, 200);
}
