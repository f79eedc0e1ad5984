import { RpcError } from '@zeke/rpc';
import type { JSONWebKeySet } from 'jose';
import { decodeBase64Url } from './base64url.ts';
import { ClaimChecks, type ClaimRules } from './claim-checks.ts';
import {
  type CompactJws,
  defaultMaxTokenLength,
  type HeaderRules,
  type JoseHeader,
  readJoseHeader,
  splitCompactJws,
} from './compact-jws.ts';
import {
  hasSigned,
  headerNames,
  type JwksAlgorithm,
  keysFor,
  type PublicKey,
  readKeySet,
} from './public-keys.ts';
import { RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts';
import { type JwtRefusal, type JwtVerdict, refusal } from './verdict.ts';

export interface JwksVerifierOptions extends ClaimRules {
  /** Where the keys are: behind a URL, or here. */
  readonly keys: RemoteKeySetOptions | { readonly keySet: JSONWebKeySet };
  /** The algorithms that are taken: at least one. Default all three. */
  readonly algorithms?: readonly JwksAlgorithm[];
  /** The header's `typ`, which is then asked for. Default: `JWT`, which may be missing. */
  readonly type?: string;
  /** The longest token that is taken, in characters. Default 8,192. */
  readonly maxTokenLength?: number;
}

const allAlgorithms: readonly JwksAlgorithm[] = ['RS256', 'ES256', 'EdDSA'];

/**
 * Verifies JSON Web Tokens (RFC 7519, 8725) of an issuer who publishes his keys: RSA with SHA-256,
 * ECDSA on P-256, Ed25519. Which algorithm is right is a matter of the key; a token cannot have one
 * taken for another, and no algorithm with a shared secret is taken.
 */
export class JwksVerifier {
  readonly #find: (header: JoseHeader) => Promise<readonly PublicKey[] | undefined>;
  readonly #header: HeaderRules;
  readonly #checks: ClaimChecks;
  readonly #maxLength: number;

  /** @throws RpcError invalid_argument that names the option. */
  constructor(options: JwksVerifierOptions) {
    const { algorithms = allAlgorithms, maxTokenLength = defaultMaxTokenLength } = options;
    if (!(maxTokenLength >= 1)) throw invalid(`maxTokenLength: ${maxTokenLength} is too few`);
    if (algorithms.length === 0) throw invalid('algorithms: name at least one');
    const unknown = algorithms.find((name) => !allAlgorithms.includes(name));
    if (unknown !== undefined) throw invalid(`algorithms: ${unknown} is not one that is taken`);
    this.#header = {
      algorithms: algorithms.flatMap((name) => headerNames[name]),
      type: options.type,
    };
    this.#find = keySource(options.keys);
    this.#checks = new ClaimChecks(options);
    this.#maxLength = maxTokenLength;
  }

  /**
   * Whether a token holds now, and what it says. Waits for the key set where that is needed; a
   * refusal with the check `key-set` says that it cannot be had. Never rejects for what is sent.
   */
  async verify(token: string): Promise<JwtVerdict> {
    const jws = splitCompactJws(token, this.#maxLength);
    if ('check' in jws) return jws;
    const header = await this.verifySignature(jws);
    if ('check' in header) return header;
    return this.#checks.judge(jws.payload, header.keyId);
  }

  /** What the header says, when a key of the set has signed; else why the token is refused. */
  async verifySignature(jws: CompactJws): Promise<JoseHeader | JwtRefusal> {
    const header = readJoseHeader(jws.header, this.#header);
    if ('check' in header) return header;
    if (!isStrict(jws.signature) || !isStrict(jws.payload)) {
      return refusal('form', 'a part of the JWT is no strict base64url');
    }
    const keys = await this.#find(header);
    if (keys === undefined) {
      return refusal('key-set', 'no JWT can be verified now: the key set is out of reach');
    }
    if (keys.length === 0) {
      return refusal('key', 'the JWT is signed with no key of the set, or does not say with which');
    }
    for (const key of keys) if (await hasSigned(key, jws)) return header;
    return refusal('signature', 'the signature of the JWT is wrong');
  }
}

function keySource(
  keys: JwksVerifierOptions['keys'],
): (header: JoseHeader) => Promise<readonly PublicKey[] | undefined> {
  if ('url' in keys) {
    const remote = new RemoteKeySet(keys);
    return (header) => remote.find(header);
  }
  const known = readKeySet(keys.keySet);
  if (known === undefined || known.length === 0) {
    throw invalid('keys.keySet: has no public key for RS256, ES256 or EdDSA');
  }
  return async (header) => keysFor(known, header);
}

function isStrict(part: string): boolean {
  return decodeBase64Url(part) !== undefined;
}

function invalid(message: string): RpcError {
  return new RpcError('invalid_argument', `JWT: ${message}`);
}
