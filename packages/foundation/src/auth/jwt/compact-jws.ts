import { decodeBase64Url } from './base64url.ts';
import { parseJsonObject } from './parse-json-object.ts';
import { type JwtRefusal, refusal } from './verdict.ts';

/** The parts of a JWS in compact form (RFC 7515 section 7.1), as they are in the token. */
export interface CompactJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** Header and payload with the dot between them: what is signed. */
  readonly signed: string;
}

export interface JoseHeader {
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

export interface HeaderRules {
  /** The values of `alg` that are taken. */
  readonly algorithms: readonly string[];
  /** The value of `typ` that is asked for. Undefined: `JWT`, or none. */
  readonly type: string | undefined;
}

/** The longest token, in characters, unless a caller says otherwise. */
export const defaultMaxTokenLength = 8 * 1024;
const maxKeyIdLength = 256;

/** Takes a token apart. Says nothing about what is in its parts. */
export function splitCompactJws(token: string, maxLength: number): CompactJws | JwtRefusal {
  if (token.length > maxLength) {
    return refusal('size', `the JWT is longer than ${maxLength} characters`);
  }
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  // Without a dot both searches find nothing, or the second finds what the first found.
  if (first < 1 || second < first || token.includes('.', second + 1)) {
    return refusal('form', 'the JWT is not three parts with dots between them');
  }
  return {
    header: token.slice(0, first),
    payload: token.slice(first + 1, second),
    signature: token.slice(second + 1),
    signed: token.slice(0, second),
  };
}

/**
 * What a header says. Refused: one that is no strict base64url of a JSON object with every name
 * once, an `alg` that is not among those taken, any `crit` (we know no extension, RFC 7515 section
 * 4.1.11), another `typ`, a `kid` that is no name. Keys that a header brings (`jwk`, `jku`, `x5u`,
 * `x5c`) are never looked at.
 */
export function readJoseHeader(text: string, rules: HeaderRules): JoseHeader | JwtRefusal {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) return refusal('form', 'the header of the JWT is no strict base64url');
  const header = parseJsonObject(bytes);
  if (typeof header === 'string') return refusal('header', `the header of the JWT ${header}`);
  const { alg, crit, kid, typ } = header;
  if (typeof alg !== 'string' || !rules.algorithms.includes(alg)) {
    const taken = rules.algorithms.join(', ');
    return refusal('algorithm', `the algorithm of the JWT is not one that is taken here: ${taken}`);
  }
  if (crit !== undefined) {
    return refusal('critical', 'the JWT has critical extensions ("crit"); none is known here');
  }
  if (!isType(typ, rules.type)) {
    return refusal('type', `the type ("typ") of the JWT is not ${rules.type ?? 'JWT'}`);
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > maxKeyIdLength)) {
    return refusal(
      'header',
      `the "kid" of the JWT is no name of 1 to ${maxKeyIdLength} characters`,
    );
  }
  return { algorithm: alg, keyId: kid };
}

/** Media types have no case, and `application/` may be left out (RFC 7515 section 4.1.9). */
function isType(typ: unknown, wanted: string | undefined): boolean {
  if (typ === undefined) return wanted === undefined;
  return typeof typ === 'string' && bareType(typ) === bareType(wanted ?? 'JWT');
}

function bareType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}
