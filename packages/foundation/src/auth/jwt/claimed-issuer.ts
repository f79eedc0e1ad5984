import { decodeBase64Url } from './base64url.ts';
import { defaultMaxTokenLength, splitCompactJws } from './compact-jws.ts';
import { parseJsonObject } from './parse-json-object.ts';
import { type JwtRefusal, refusal } from './verdict.ts';

/**
 * What a token says is its issuer (`iss`), to know whose keys it is to be verified with: nothing of it
 * is verified yet. A refusal for what is no token of at most 8,192 characters, or names nobody.
 */
export function claimedIssuer(token: string): string | JwtRefusal {
  const jws = splitCompactJws(token, defaultMaxTokenLength);
  if ('check' in jws) return jws;
  const bytes = decodeBase64Url(jws.payload);
  if (bytes === undefined) return refusal('form', 'the payload of the JWT is no strict base64url');
  const claims = parseJsonObject(bytes);
  if (typeof claims === 'string') return refusal('claims', `the payload of the JWT ${claims}`);
  return typeof claims.iss === 'string' && claims.iss !== ''
    ? claims.iss
    : refusal('iss', 'the JWT names no issuer ("iss")');
}
