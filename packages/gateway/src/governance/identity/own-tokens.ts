import { ownIssuer, type Secret } from '@zeke/foundation';
import { Hs256, type JwtClaims, type JwtVerdict } from '@zeke/foundation/auth/jwt';

/** What a token of zeke's own is for; none is taken for another. */
export type OwnTokenKind = 'access' | 'login' | 'code';

const types: Readonly<Record<OwnTokenKind, string>> = {
  access: 'at+jwt',
  login: 'zeke-login+jwt',
  code: 'zeke-code+jwt',
};

/** Tokens that zeke issues to itself: HS256 with the keys of `auth.signing_keys`. */
export class OwnTokens {
  readonly #signers: Readonly<Record<OwnTokenKind, Hs256>>;
  readonly #now: () => number;

  /** `keys` by `kid`, each 32 to 1,024 bytes; the first signs. */
  constructor(keys: ReadonlyMap<string, Secret>, now: () => number) {
    const secrets = [...keys].map(([id, secret]) => ({ id, secret: Buffer.from(secret.reveal()) }));
    const signer = (kind: OwnTokenKind) =>
      new Hs256({ keys: secrets, type: types[kind], issuer: ownIssuer, audience: ownIssuer, now });
    this.#signers = { access: signer('access'), login: signer('login'), code: signer('code') };
    this.#now = now;
  }

  issue(kind: OwnTokenKind, claims: JwtClaims, ttlMs: number): string {
    const seconds = Math.floor(this.#now() / 1_000);
    return this.#signers[kind].sign({
      ...claims,
      iss: ownIssuer,
      aud: ownIssuer,
      iat: seconds,
      exp: seconds + Math.ceil(ttlMs / 1_000),
      jti: crypto.randomUUID(),
    });
  }

  /** Whether a token of this kind holds now. */
  verify(kind: OwnTokenKind, token: string): JwtVerdict {
    return this.#signers[kind].verify(token);
  }
}
