/** Base64url without padding (RFC 7515 section 2). */
export function encodeBase64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/**
 * The bytes of base64url in the one form that RFC 4648 sections 3 and 5 call canonical: no padding,
 * no white space, no other character, and the bits that the last character has too many are zero.
 * Undefined for any other text, so that no two texts mean the same bytes.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
