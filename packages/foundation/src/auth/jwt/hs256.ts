import { RpcError } from '@zeke/rpc';
import { ClaimChecks, type ClaimRules } from './claim-checks.ts';
import { defaultMaxTokenLength, splitCompactJws } from './compact-jws.ts';
import { type Hs256Key, Hs256Keys } from './hs256-keys.ts';
import { isShallowJson } from './parse-json-object.ts';
import type { JwtClaims, JwtVerdict } from './verdict.ts';

export interface Hs256Options extends ClaimRules {
  /** The first signs, all verify: to rotate, put a new one first and give the old one a date. */
  readonly keys: readonly Hs256Key[];
  /** The header's `typ`, which is then asked for. Default: `JWT`, which may be missing. */
  readonly type?: string;
  /** The longest token that is taken or made, in characters. Default 8,192. */
  readonly maxTokenLength?: number;
}

/**
 * JSON Web Tokens (RFC 7519, 8725) signed with HMAC-SHA-256, for one issuer who is also the
 * verifier. No other algorithm is taken, `none` least of all.
 */
export class Hs256 {
  readonly #keys: Hs256Keys;
  readonly #checks: ClaimChecks;
  readonly #maxLength: number;

  /** @throws RpcError invalid_argument that names the option. */
  constructor(options: Hs256Options) {
    const { maxTokenLength = defaultMaxTokenLength } = options;
    if (!(maxTokenLength >= 1)) {
      throw new RpcError('invalid_argument', `JWT: maxTokenLength: ${maxTokenLength} is too few`);
    }
    this.#keys = new Hs256Keys(options.keys, options.type);
    this.#checks = new ClaimChecks(options);
    this.#maxLength = maxTokenLength;
  }

  /**
   * A token with these claims as they are. It is refused what could never be verified here: a
   * registered claim of another type, no `exp` where one is needed, claims too large or too deep.
   * @throws RpcError invalid_argument that names the claim; failed_precondition when the first key
   * is retired.
   */
  sign(claims: JwtClaims): string {
    const fault = this.#checks.formFault(claims);
    if (fault !== undefined) throw new RpcError('invalid_argument', fault.message);
    const payload = JSON.stringify(claims);
    if (!isShallowJson(payload)) {
      throw new RpcError('invalid_argument', 'the claims of the JWT are nested too deep');
    }
    const token = this.#keys.sign(payload, this.#checks.now());
    if (token.length <= this.#maxLength) return token;
    const most = `${token.length} characters, and ${this.#maxLength} are possible`;
    throw new RpcError('invalid_argument', `the claims make a JWT of ${most}`);
  }

  /** Whether a token holds now, and what it says. Claims are looked at after the signature only. */
  verify(token: string): JwtVerdict {
    const jws = splitCompactJws(token, this.#maxLength);
    if ('check' in jws) return jws;
    const header = this.#keys.verify(jws, this.#checks.now());
    if ('check' in header) return header;
    return this.#checks.judge(jws.payload, header.keyId);
  }
}
