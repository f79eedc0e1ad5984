export type { ClaimRules } from './claim-checks.ts';
export { claimedIssuer } from './claimed-issuer.ts';
export { Hs256, type Hs256Options } from './hs256.ts';
export type { Hs256Key } from './hs256-keys.ts';
export { issuerKeySet } from './issuer-key-set.ts';
export { JwksVerifier, type JwksVerifierOptions } from './jwks-verifier.ts';
export type { JwksAlgorithm } from './public-keys.ts';
export type { RemoteKeySetOptions } from './remote-key-set.ts';
export {
  type JwtAccepted,
  type JwtCheck,
  type JwtClaims,
  type JwtRefusal,
  type JwtVerdict,
  jwtError,
} from './verdict.ts';
