import type { TLSOptions } from 'bun';
import type { TlsMaterial } from './read-tls.ts';

/** `SSL_OP_NO_TLSv1_2`; Bun speaks nothing older by itself. */
const withoutTls12 = 0x0800_0000;

/** What ALPN offers, as it is on the wire: each name after its length (RFC 7301, 3.1). */
const alpn = Uint8Array.from(
  ['h2', 'http/1.1'].flatMap((name) => [name.length, ...new TextEncoder().encode(name)]),
);

/**
 * The server's side of TLS for Bun. Where a certificate is optional, Bun lets also a bad one pass,
 * and says so: who takes the connection must look.
 */
export function tlsOptions(material: TlsMaterial): TLSOptions {
  const { cert, key, ca, crl, clientAuth, minVersion } = material;
  return {
    cert,
    key,
    ALPNProtocols: alpn,
    ...(minVersion === '1.3' ? { secureOptions: withoutTls12 } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    ...(clientAuth === 'none'
      ? {}
      : { requestCert: true, rejectUnauthorized: clientAuth === 'required' }),
  };
}
