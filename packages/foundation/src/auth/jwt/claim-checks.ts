import { RpcError } from '@zeke/rpc';
import { decodeBase64Url } from './base64url.ts';
import { type JsonObject, parseJsonObject } from './parse-json-object.ts';
import {
  type JwtCheck,
  type JwtClaims,
  type JwtRefusal,
  type JwtVerdict,
  refusal,
} from './verdict.ts';

/** What the claims of a token must say. */
export interface ClaimRules {
  /** `iss` must be one of these. Undefined: any, or none. */
  readonly issuer?: string | readonly string[];
  /** `aud` must have one of these. Undefined: there must be no `aud` (RFC 7519 section 4.1.3). */
  readonly audience?: string | readonly string[];
  /** How far clocks may be apart, for `exp`, `nbf` and `iat`: 0 to 300,000, default 5,000. */
  readonly leewayMs?: number;
  /** How long ago `iat` may be, whatever `exp` says; `iat` must then be there. Default: any time. */
  readonly maxAgeMs?: number;
  /** False takes tokens that never end. Default true. */
  readonly requireExpiry?: boolean;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

const maxLeewayMs = 300_000;
/** The last second of the year 9999: what is later is no date but a mistake. */
const latestSeconds = 253_402_300_799;

/** Reads claims and holds them against rules. */
export class ClaimChecks {
  readonly #issuers: readonly string[] | undefined;
  readonly #audiences: readonly string[] | undefined;
  readonly #leewaySeconds: number;
  readonly #maxAgeSeconds: number | undefined;
  readonly #requireExpiry: boolean;
  readonly #now: () => number;

  /** @throws RpcError invalid_argument for a rule that would let nobody in, or too many. */
  constructor(rules: ClaimRules) {
    const { leewayMs = 5_000, maxAgeMs } = rules;
    this.#issuers = namesOf(rules.issuer, 'issuer');
    this.#audiences = namesOf(rules.audience, 'audience');
    this.#leewaySeconds = milliseconds(leewayMs, 'leewayMs', 0, maxLeewayMs) / 1000;
    this.#maxAgeSeconds =
      maxAgeMs === undefined
        ? undefined
        : milliseconds(maxAgeMs, 'maxAgeMs', 1, latestSeconds * 1000) / 1000;
    this.#requireExpiry = rules.requireExpiry ?? true;
    this.#now = rules.now ?? Date.now;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now();
  }

  /** Whether the claims in a payload hold. To be asked when `keyId`'s signature is known to be right. */
  judge(payload: string, keyId: string | undefined): JwtVerdict {
    const bytes = decodeBase64Url(payload);
    if (bytes === undefined)
      return refusal('form', 'the payload of the JWT is no strict base64url');
    const claims = parseJsonObject(bytes);
    if (typeof claims === 'string') return refusal('claims', `the payload of the JWT ${claims}`);
    return this.#fault(claims) ?? { ok: true, claims, keyId };
  }

  /** Why claims could not be accepted at any time, by their form; undefined when they could. */
  formFault(claims: JsonObject): JwtRefusal | undefined {
    return this.#timeFormFault(claims) ?? nameFault(claims);
  }

  #fault(claims: JsonObject): JwtRefusal | undefined {
    return this.formFault(claims) ?? this.#timeFault(claims) ?? this.#partyFault(claims);
  }

  #timeFormFault({ exp, nbf, iat }: JsonObject): JwtRefusal | undefined {
    if (exp === undefined && this.#requireExpiry) return refusal('exp', 'the JWT has no "exp"');
    if (iat === undefined && this.#maxAgeSeconds !== undefined) {
      return refusal('iat', 'the JWT has no "iat", which tells its age');
    }
    if (!isTime(exp)) return noTime('exp');
    if (!isTime(nbf)) return noTime('nbf');
    return isTime(iat) ? undefined : noTime('iat');
  }

  /** Every comparison is written so that a clock that gives NaN refuses. */
  #timeFault({ exp, nbf, iat }: JwtClaims): JwtRefusal | undefined {
    const seconds = this.#now() / 1000;
    const leeway = this.#leewaySeconds;
    if (exp !== undefined && !(seconds < exp + leeway)) {
      return refusal('exp', 'the JWT has expired ("exp"): get a new one');
    }
    if (nbf !== undefined && !(seconds >= nbf - leeway)) {
      return refusal('nbf', 'the JWT does not hold yet ("nbf")');
    }
    if (iat === undefined) return undefined;
    if (!(seconds >= iat - leeway)) {
      return refusal('iat', 'the JWT was issued in the future ("iat"): compare the clocks');
    }
    const maxAge = this.#maxAgeSeconds;
    if (maxAge !== undefined && !(seconds < iat + maxAge + leeway)) {
      return refusal('iat', `the JWT is older than ${maxAge} seconds ("iat"): get a new one`);
    }
    return undefined;
  }

  #partyFault({ iss, aud }: JwtClaims): JwtRefusal | undefined {
    if (this.#issuers !== undefined && (iss === undefined || !this.#issuers.includes(iss))) {
      return refusal('iss', 'the JWT is not of an issuer ("iss") that is trusted here');
    }
    const audiences = this.#audiences;
    if (audiences === undefined) {
      return aud === undefined
        ? undefined
        : refusal('aud', 'the JWT is for an audience ("aud"), and none is configured here');
    }
    const named = typeof aud === 'string' ? [aud] : (aud ?? []);
    if (named.some((name) => audiences.includes(name))) return undefined;
    return refusal('aud', 'the JWT is not for this audience ("aud")');
  }
}

function nameFault({ iss, sub, aud, jti }: JsonObject): JwtRefusal | undefined {
  if (!isText(iss)) return noText('iss');
  if (!isText(sub)) return noText('sub');
  if (!isText(jti)) return noText('jti');
  const isAudience = isText(aud) || (Array.isArray(aud) && aud.every((one) => isText(one) && one));
  return isAudience
    ? undefined
    : refusal('aud', 'the "aud" of the JWT is no text or list of texts');
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function noText(claim: JwtCheck): JwtRefusal {
  return refusal(claim, `the "${claim}" of the JWT is no text`);
}

/** A NumericDate (RFC 7519 section 2), fractions allowed, from 1970 to 9999. */
function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= latestSeconds);
}

function noTime(claim: JwtCheck): JwtRefusal {
  return refusal(claim, `the "${claim}" of the JWT is no time in seconds since 1970`);
}

function namesOf(
  names: string | readonly string[] | undefined,
  field: string,
): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const list = typeof names === 'string' ? [names] : [...names];
  if (list.length > 0 && !list.includes('')) return list;
  throw new RpcError('invalid_argument', `JWT: ${field}: name at least one, and no empty one`);
}

function milliseconds(value: number, field: string, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RpcError('invalid_argument', `JWT: ${field}: ${value} is not from ${min} to ${max}`);
}
