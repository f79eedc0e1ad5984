import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../core/call.ts';
import type { TlsSession } from './socket.ts';

/** What Bun's sockets and Node's both say of a peer's certificate. */
export interface CertificateText {
  readonly subject?: { readonly CN?: string | string[] };
  readonly subjectaltname?: string;
  readonly fingerprint256?: string;
}

/** `protocol` is what ALPN agreed on, and `certificate` is that of a peer that was verified. */
export function tlsSession(
  protocol: string | false | null,
  certificate: CertificateText | undefined,
): TlsSession {
  return { protocol: protocol || '', certificate: peerCertificate(certificate) };
}

/**
 * The entries of a subject alternative name, as the two runtimes write them: `DNS:a.example, URI:…`.
 * A value with a comma or a quote in it is written as a JSON string, so that none can pretend to be
 * two (CVE-2021-44532).
 */
export function splitAlternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [entry] of text.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g)) {
    const name = entry.trim();
    const colon = name.indexOf(':') + 1;
    const value = name.slice(colon);
    if (name !== '')
      names.push(name.slice(0, colon) + (value.startsWith('"') ? unquoted(value) : value));
  }
  return names;
}

/** The certificate of a peer that was verified; undefined where there is none. */
function peerCertificate(certificate: CertificateText | undefined): PeerCertificate | undefined {
  if (certificate?.fingerprint256 === undefined) return undefined;
  const name = certificate.subject?.CN ?? '';
  return {
    subject: typeof name === 'string' ? name : (name[0] ?? ''),
    alternativeNames: splitAlternativeNames(certificate.subjectaltname ?? ''),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** The certificate of the peer of a socket of `node:net` or `node:tls`, where it was verified. */
export function certificateOf(socket: object): PeerCertificate | undefined {
  const secure = socket as Partial<TLSSocket>;
  if (!secure.authorized || secure.getPeerCertificate === undefined) return undefined;
  return peerCertificate(secure.getPeerCertificate());
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}
