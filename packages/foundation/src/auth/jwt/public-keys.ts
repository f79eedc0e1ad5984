import type { CryptoKey, JWK } from 'jose';
import { decodeBase64Url } from './base64url.ts';
import type { CompactJws, JoseHeader } from './compact-jws.ts';

/** `EdDSA` stands for Ed25519, under this name and its own (RFC 9864). */
export type JwksAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** The header names of the algorithms. */
export const headerNames: Readonly<Record<JwksAlgorithm, readonly string[]>> = {
  RS256: ['RS256'],
  ES256: ['ES256'],
  EdDSA: ['EdDSA', 'Ed25519'],
};

/** One public key of a set, for the one algorithm that fits its type. */
export interface PublicKey {
  readonly id: string | undefined;
  readonly algorithm: JwksAlgorithm;
  readonly jwk: JWK;
  /** Made at first use, and kept. */
  imported?: Promise<CryptoKey>;
}

const maxKeys = 100;
const maxCandidates = 4;
/** Below 2,048 bits RSA is weak (RFC 7518 section 3.3); above 8,192 it only costs time. */
const rsaModulusBytes = { min: 256, max: 1_024 };
const maxRsaExponentBytes = 4;

/**
 * The keys of a JSON Web Key Set (RFC 7517 section 5) that signatures can be verified with. Keys of
 * other kinds, sizes and uses, and such that hold a private part, are left out, as section 5 has it.
 * Undefined for what is no key set, or one of more than 100 keys.
 */
export function readKeySet(value: unknown): readonly PublicKey[] | undefined {
  if (!isObject(value) || !Array.isArray(value.keys) || value.keys.length > maxKeys) {
    return undefined;
  }
  return value.keys.flatMap((jwk) => (isObject(jwk) ? (publicKey(jwk) ?? []) : []));
}

/**
 * The keys that may have signed a token. With a `kid`, those of that name and algorithm (the first
 * four, since names need not be unique); without one, the only key there is for the algorithm.
 */
export function keysFor(keys: readonly PublicKey[], header: JoseHeader): readonly PublicKey[] {
  const { algorithm, keyId } = header;
  const fitting = keys.filter((key) => headerNames[key.algorithm].includes(algorithm));
  if (keyId !== undefined) return fitting.filter(({ id }) => id === keyId).slice(0, maxCandidates);
  return fitting.length === 1 ? fitting : [];
}

/** Whether the key has signed the token, whose parts must be strict base64url. */
export async function hasSigned(key: PublicKey, jws: CompactJws): Promise<boolean> {
  const { compactVerify, errors, importJWK } = await import('jose');
  key.imported ??= importJWK({ ...key.jwk, kty: key.jwk.kty as 'RSA' }, key.algorithm);
  try {
    const token = `${jws.signed}.${jws.signature}`;
    await compactVerify(token, await key.imported, { algorithms: [...headerNames[key.algorithm]] });
    return true;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return false;
    // A key that is none (a point that is not on its curve) has signed nothing.
    if (error instanceof DOMException || error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function publicKey(jwk: Record<string, unknown>): PublicKey | undefined {
  const { kid, alg, use, key_ops: operations, d } = jwk;
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined || d !== undefined) return undefined;
  if (alg !== undefined && !headerNames[algorithm].includes(String(alg))) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  const verifies = operations === undefined || isListWith(operations, 'verify');
  if (!verifies || (kid !== undefined && typeof kid !== 'string')) return undefined;
  return { id: kid, algorithm, jwk: materialOf(jwk) };
}

function algorithmOf({ kty, crv, n, e, x, y }: Record<string, unknown>): JwksAlgorithm | undefined {
  if (kty === 'RSA') return isRsaModulus(n) && isRsaExponent(e) ? 'RS256' : undefined;
  if (kty === 'EC' && crv === 'P-256')
    return hasBytes(x, 32) && hasBytes(y, 32) ? 'ES256' : undefined;
  if (kty === 'OKP' && crv === 'Ed25519') return hasBytes(x, 32) ? 'EdDSA' : undefined;
  return undefined;
}

/** What is mathematics in a key; the rest has been looked at. */
function materialOf({ kty, crv, n, e, x, y }: Record<string, unknown>): JWK {
  const parts = Object.entries({ kty, crv, n, e, x, y }).filter(([, part]) => part !== undefined);
  return Object.fromEntries(parts) as JWK;
}

function isRsaModulus(n: unknown): boolean {
  const bytes = lengthOf(n);
  return bytes >= rsaModulusBytes.min && bytes <= rsaModulusBytes.max;
}

function isRsaExponent(e: unknown): boolean {
  const bytes = lengthOf(e);
  return bytes >= 1 && bytes <= maxRsaExponentBytes;
}

function hasBytes(part: unknown, bytes: number): boolean {
  return lengthOf(part) === bytes;
}

/** -1 for what is no strict base64url. */
function lengthOf(part: unknown): number {
  return typeof part === 'string' ? (decodeBase64Url(part)?.length ?? -1) : -1;
}

function isListWith(value: unknown, member: string): boolean {
  return Array.isArray(value) && value.includes(member);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
