import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { RpcError } from '@zeke/rpc';
import { encodeBase64Url } from './base64url.ts';
import { type CompactJws, type JoseHeader, readJoseHeader } from './compact-jws.ts';
import { type JwtRefusal, refusal } from './verdict.ts';

export interface Hs256Key {
  /** The `kid` of tokens that it signs. One key of all may have none: it is for tokens without. */
  readonly id?: string;
  /** 32 to 1,024 random bytes (RFC 7518 section 3.2). */
  readonly secret: Uint8Array;
  /** Milliseconds since 1970 from which its tokens are refused. Default: they are taken. */
  readonly verifyUntilMs?: number;
}

interface HeldKey {
  readonly id: string | undefined;
  readonly secret: KeyObject;
  readonly verifyUntilMs: number;
  readonly header: string;
}

const minSecretBytes = 32;
const maxSecretBytes = 1_024;
const maxKeys = 16;
const maxKeyIdLength = 256;
/** HMAC-SHA-256 in base64url. */
const signatureLength = 43;
const signatureForm = /^[\w-]{43}$/;

const algorithm = 'HS256';
const expected = Buffer.alloc(signatureLength);
const given = Buffer.alloc(signatureLength);

/**
 * Keys for HMAC with SHA-256 (RFC 7518 section 3.2): the first signs, all verify. Which of them is a
 * matter of the token's `kid` alone; no token is tried on one key after the other.
 */
export class Hs256Keys {
  readonly #keys: readonly HeldKey[];
  readonly #byHeader: ReadonlyMap<string, HeldKey>;
  readonly #type: string | undefined;

  /** @throws RpcError invalid_argument, with the key's number and no secret. */
  constructor(keys: readonly Hs256Key[], type: string | undefined) {
    if (keys.length === 0 || keys.length > maxKeys) {
      throw invalid(`keys: ${keys.length} of them; 1 to ${maxKeys} are possible`);
    }
    this.#keys = keys.map((key, i) => held(key, i, type ?? 'JWT'));
    this.#byHeader = new Map(this.#keys.map((key) => [key.header, key]));
    if (this.#byHeader.size < keys.length) throw invalid('keys: two have the same id, or none');
    this.#type = type;
  }

  /** A token of a payload, which is UTF-8 when it is sent. @throws RpcError when the key is retired. */
  sign(payload: string, nowMs: number): string {
    const [key] = this.#keys;
    if (key === undefined || !isInUse(key, nowMs)) {
      throw new RpcError('failed_precondition', 'JWT: keys[0], which signs, is retired: add a new');
    }
    const signed = `${key.header}.${encodeBase64Url(payload)}`;
    return `${signed}.${signatureOf(signed, key)}`;
  }

  /** What the header says, when one of the keys has signed the token; else why it is refused. */
  verify(jws: CompactJws, nowMs: number): JoseHeader | JwtRefusal {
    const key = this.#keyFor(jws.header);
    if ('check' in key) return key;
    if (!isInUse(key, nowMs)) return refusal('key', 'the key that the JWT names has been retired');
    if (!isEqual(signatureOf(jws.signed, key), jws.signature)) {
      return refusal('signature', 'the signature of the JWT is wrong');
    }
    return { algorithm, keyId: key.id };
  }

  #keyFor(headerText: string): HeldKey | JwtRefusal {
    const known = this.#byHeader.get(headerText);
    if (known !== undefined) return known;
    const header = readJoseHeader(headerText, { algorithms: [algorithm], type: this.#type });
    if ('check' in header) return header;
    const key = this.#keys.find(({ id }) => id === header.keyId);
    if (key !== undefined) return key;
    const what = header.keyId === undefined ? 'has no "kid"' : 'has a "kid" that is not known here';
    return refusal('key', `the JWT ${what}`);
  }
}

function held(key: Hs256Key, index: number, type: string): HeldKey {
  const { id, secret, verifyUntilMs = Number.POSITIVE_INFINITY } = key;
  if (id !== undefined && (id === '' || id.length > maxKeyIdLength)) {
    throw invalid(`keys[${index}].id: not a name of 1 to ${maxKeyIdLength} characters`);
  }
  if (secret.length < minSecretBytes || secret.length > maxSecretBytes) {
    const bytes = `${minSecretBytes} to ${maxSecretBytes} bytes are possible`;
    throw invalid(`keys[${index}].secret: ${secret.length} of them; ${bytes}`);
  }
  if (!(verifyUntilMs >= 0)) {
    throw invalid(`keys[${index}].verifyUntilMs: ${verifyUntilMs} is no time`);
  }
  const header = JSON.stringify({ alg: algorithm, typ: type, kid: id });
  return { id, secret: createSecretKey(secret), verifyUntilMs, header: encodeBase64Url(header) };
}

function isInUse(key: HeldKey, nowMs: number): boolean {
  return nowMs < key.verifyUntilMs;
}

/**
 * `Bun.CryptoHasher` would be faster, but with a key it throws whatever error an earlier operation
 * of BoringSSL has left behind, such as that of a public key which could not be imported.
 */
function signatureOf(signed: string, key: HeldKey): string {
  return createHmac('sha256', key.secret).update(signed).digest('base64url');
}

/** In constant time. What is compared is text, and so what was sent can only be canonical. */
function isEqual(signature: string, sent: string): boolean {
  // Writing as Latin-1 would let characters beyond it stand for others.
  if (!signatureForm.test(sent)) return false;
  expected.write(signature, 'latin1');
  given.write(sent, 'latin1');
  return timingSafeEqual(expected, given);
}

function invalid(message: string): RpcError {
  return new RpcError('invalid_argument', `JWT: ${message}`);
}
