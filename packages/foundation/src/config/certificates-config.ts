import type { GrantName } from './auth-config.ts';

/**
 * Whose certificates of clients of one kind are. Of the conditions all that are there hold; of the
 * rules the first that fits counts.
 */
export interface CertificateRuleConfig {
  /** What the table is called. */
  readonly name: string;
  /** Attributes that the subject has, `CN=ci`, `O=Corp`; one of all patterns may hold a `*`. */
  readonly subject?: readonly string[];
  /** A subject alternative name with its kind, `URI:spiffe://corp/ci`, which may hold one `*`. */
  readonly alternativeName?: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint?: string;
  readonly holder: CertificateHolder;
}

/** The key that a certificate stands for, or whom of the hierarchy; names or ids. */
export type CertificateHolder =
  | { readonly kind: 'key'; readonly id: string }
  | {
      readonly kind: 'member';
      readonly org: string;
      /** `*` stands for what the `*` of the pattern stood for. Without one it is a program of the team. */
      readonly user?: string;
      readonly team?: string;
      readonly grants: readonly GrantName[];
      readonly tier?: string;
    };
