import { type Code, RpcError } from '@zeke/rpc';

/**
 * What of a token did not hold: `size` and `form` (three parts of strict base64url), the header
 * (`header`, `algorithm`, `critical`, `type`), the `key` it names, its `signature`, the form of its
 * `claims`, or one claim by its name. `key-set`: nothing can be said, the keys are out of reach.
 */
export type JwtCheck =
  | 'size'
  | 'form'
  | 'header'
  | 'algorithm'
  | 'critical'
  | 'type'
  | 'key'
  | 'key-set'
  | 'signature'
  | 'claims'
  | 'exp'
  | 'nbf'
  | 'iat'
  | 'iss'
  | 'aud'
  | 'sub'
  | 'jti';

/** The claims of a token: a JSON object, with the registered names of RFC 7519 section 4.1. */
export interface JwtClaims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Seconds since 1970, like `nbf` and `iat`. */
  readonly exp?: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly [name: string]: unknown;
}

export interface JwtAccepted {
  readonly ok: true;
  readonly claims: JwtClaims;
  /** The `kid` of the key that signed, where the token names one. */
  readonly keyId: string | undefined;
}

export interface JwtRefusal {
  readonly ok: false;
  readonly check: JwtCheck;
  /** What was wrong and what to do. Holds nothing of the token, so it may be logged and sent. */
  readonly message: string;
}

export type JwtVerdict = JwtAccepted | JwtRefusal;

export function refusal(check: JwtCheck, message: string): JwtRefusal {
  return { ok: false, check, message };
}

/**
 * A refusal as the error that a caller gets: `unauthenticated`, or `unavailable` and retryable for
 * `key-set`; with a detail `{type: 'jwt', value: {check}}`.
 */
export function jwtError({ check, message }: JwtRefusal): RpcError {
  const code: Code = check === 'key-set' ? 'unavailable' : 'unauthenticated';
  return new RpcError(code, message, {
    details: [{ type: 'jwt', value: { check } }],
    retryable: check === 'key-set',
  });
}
