/** The certificate of a client, which the listener has verified against its authorities (mTLS). */
export interface ClientCertificate {
  /** The attributes of the subject, as they stand in it: `CN=ci`, `O=Corp`. */
  readonly subject: readonly string[];
  /** The subject alternative names with their kinds: `DNS:ci.corp`, `URI:spiffe://corp/ci`. */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. A connection may outlive its certificate. */
  readonly expiresAtMs: number;
}

/** The certificate of the connection that a request is from; undefined where there is none. */
export type PeerCertificateOf = (request: Request) => ClientCertificate | undefined;
