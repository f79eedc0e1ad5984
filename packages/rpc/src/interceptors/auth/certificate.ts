import type { CallHandler, PeerCertificate, ServerCall } from '../../core/call.ts';
import { RpcError } from '../../rpc-error.ts';
import { admit, type Identity } from './identity.ts';

export interface CertificateServerOptions {
  /**
   * Who holds this certificate; undefined for nobody that may call. The default takes the first
   * `URI:` of the alternative names (SPIFFE), else the first `DNS:`, else the common name, without
   * roles and scopes.
   */
  readonly identify?: (certificate: PeerCertificate) => Identity | undefined;
  /** False: a call without a certificate is passed on without an identity. Default true. */
  readonly required?: boolean;
}

/**
 * A server interceptor that knows callers by the certificate of their connection (mTLS). The
 * transport has verified it against the server's authorities; who it names is decided here, once a
 * connection.
 *
 * Refused with `unauthenticated`: a connection without a certificate (unless `required` is false),
 * or with one that names nobody.
 */
export function certificateServer(
  options: CertificateServerOptions = {},
): (next: CallHandler) => CallHandler {
  const { identify = identityOfCertificate, required = true } = options;
  const known = new WeakMap<PeerCertificate, Identity | RpcError>();
  return (next) => (call: ServerCall) => {
    const certificate = call.peer.certificate;
    if (certificate === undefined) {
      if (required) admit(call, withoutCertificate(), next);
      else next(call);
      return;
    }
    let verdict = known.get(certificate);
    if (verdict === undefined) {
      verdict = identify(certificate) ?? namesNobody(certificate);
      known.set(certificate, verdict);
    }
    admit(call, verdict, next);
  };
}

/** The identity that a certificate names by itself; undefined when it has no name at all. */
export function identityOfCertificate(certificate: PeerCertificate): Identity | undefined {
  const id =
    nameOf(certificate, 'URI:') ??
    nameOf(certificate, 'DNS:') ??
    (certificate.subject || undefined);
  if (id === undefined) return undefined;
  return { id, scheme: 'certificate', roles: [], scopes: [] };
}

function nameOf(certificate: PeerCertificate, kind: string): string | undefined {
  return certificate.alternativeNames.find((name) => name.startsWith(kind))?.slice(kind.length);
}

function withoutCertificate(): RpcError {
  return new RpcError(
    'unauthenticated',
    'a client certificate is needed: connect with TLS and one that this server trusts',
  );
}

function namesNobody(certificate: PeerCertificate): RpcError {
  return new RpcError(
    'unauthenticated',
    `the client certificate ${JSON.stringify(certificate.subject)} names nobody who may call here`,
  );
}
