import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Length of a key, in bytes. */
export const keyBytes = 32;

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) under a fresh random IV of 96 bits: IV, ciphertext and the tag of
 * 128 bits, one after the other. `bound` is authenticated and not part of the result.
 */
export function encrypt(key: Uint8Array, plain: Uint8Array, bound: Uint8Array): Buffer {
  const iv = randomBytes(ivBytes);
  const encrypting = createCipheriv(cipher, key, iv, { authTagLength: tagBytes });
  encrypting.setAAD(bound);
  const text = Buffer.concat([encrypting.update(plain), encrypting.final()]);
  return Buffer.concat([iv, text, encrypting.getAuthTag()]);
}

/** What `encrypt` was given; undefined where the key, the bytes or what is bound to them is another. */
export function decrypt(
  key: Uint8Array,
  sealed: Uint8Array,
  bound: Uint8Array,
): Buffer | undefined {
  if (sealed.length < ivBytes + tagBytes) return undefined;
  const tagAt = sealed.length - tagBytes;
  const decrypting = createDecipheriv(cipher, key, sealed.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  });
  decrypting.setAAD(bound);
  decrypting.setAuthTag(sealed.subarray(tagAt));
  const plain = decrypting.update(sealed.subarray(ivBytes, tagAt));
  try {
    return Buffer.concat([plain, decrypting.final()]);
  } catch {
    return undefined;
  }
}
