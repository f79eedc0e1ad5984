import { timingSafeEqual } from 'node:crypto';

/**
 * SHA-256 in 64 hex digits: the form in which a key or token is stored. It is fast on purpose, so
 * it fits long random secrets only, never passwords.
 */
export function hashSecret(secret: string): string {
  return Bun.SHA256.hash(secret, 'hex');
}

/** Compares without telling by its duration where two secrets differ, or that their lengths do. */
export function equalInConstantTime(left: string, right: string): boolean {
  const digest = (value: string) => new Bun.CryptoHasher('sha256').update(value).digest();
  return timingSafeEqual(digest(left), digest(right));
}
