import { createPrivateKey, X509Certificate } from 'node:crypto';
import { RpcError } from '../rpc-error.ts';

/** PEM texts, of either side. */
export interface TlsTexts {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

const checked = new WeakSet<TlsTexts>();

/**
 * Looks at the texts before a runtime does, whose errors do not say which of them is at fault.
 * @throws RpcError invalid_argument that names the option and says what is wrong with it.
 */
export function checkTls(tls: TlsTexts): void {
  if (checked.has(tls)) return;
  const { cert, key, ca } = tls;
  if (ca !== undefined) readCertificates('tls.ca', ca);
  if (cert !== undefined || key !== undefined) checkIdentity(cert, key);
  checked.add(tls);
}

function checkIdentity(cert: string | undefined, key: string | undefined): void {
  if (cert === undefined || key === undefined) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw fault(
      `tls.${given} is set, but tls.${missing} is not: one is of no use without the other`,
    );
  }
  const [own] = readCertificates('tls.cert', cert);
  if (own?.checkPrivateKey(readKey(key)) === false) {
    throw fault('tls.key does not belong to the first certificate of tls.cert');
  }
}

function readCertificates(option: string, text: string): X509Certificate[] {
  checkPem(option, text);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (blocks === null) {
    throw fault(`${option} has no certificate: it needs -----BEGIN CERTIFICATE-----, and the end`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw fault(`${option} has a certificate that cannot be read: was the text cut?`, cause);
  }
}

function readKey(text: string): ReturnType<typeof createPrivateKey> {
  checkPem('tls.key', text);
  if (text.includes('ENCRYPTED')) {
    throw fault('tls.key is encrypted: give it without a passphrase (openssl pkey -in … -out …)');
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw fault('tls.key is not a private key in PEM, or the text was cut', cause);
  }
}

function checkPem(option: string, text: string): void {
  if (text.includes('-----BEGIN ')) return;
  throw fault(`${option} is not a text in PEM; give what is in the file, not its name`);
}

function fault(message: string, cause?: unknown): RpcError {
  return new RpcError('invalid_argument', message, cause === undefined ? {} : { cause });
}
