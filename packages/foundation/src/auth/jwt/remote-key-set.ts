import { RpcError } from '@zeke/rpc';
import { isLoopbackHost } from '../../network/loopback.ts';
import type { JoseHeader } from './compact-jws.ts';
import { keysFor, type PublicKey, readKeySet } from './public-keys.ts';

export interface RemoteKeySetOptions {
  /** HTTPS, or HTTP on loopback; without user name and password. */
  readonly url: string;
  /** How long a set is used before it is asked for again: default 600,000. */
  readonly cacheMs?: number;
  /** How long a set is still used when no new one can be had: default 3,600,000. */
  readonly staleMs?: number;
  /** For the whole of a request and its answer: default 5,000. */
  readonly timeoutMs?: number;
  /** Told why no key set was had; calls go on with the old one while it may be used. */
  readonly onFault?: (error: RpcError) => void;
  /** Default the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds on a clock that never jumps. Default `performance.now`. */
  readonly monotonicMs?: () => number;
}

const maxKeySetBytes = 256 * 1024;
const maxTimeMs = 86_400_000;
/** Between two requests, when the set is too old or has never been had. */
const retryMs = 5_000;
/** Between two requests for the sake of keys that are not in the set, which strangers can name. */
const unknownKeyMs = 60_000;

/**
 * A JSON Web Key Set behind a URL. What makes it ask the server: the first token; a set older than
 * `cacheMs` (behind the caller's back while it is younger than `staleMs`, at most every 5 seconds);
 * a key that is not in the set, at most once a minute whatever is sent. Requests that come together
 * wait for one answer. Redirects are not followed, and answers over 256 KiB are cut.
 */
export class RemoteKeySet {
  readonly #options: RemoteKeySetOptions;
  readonly #url: string;
  readonly #now: () => number;
  #keys: readonly PublicKey[] | undefined;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  /** @throws RpcError invalid_argument for a URL from which no keys may be had, or a time that is none. */
  constructor(options: RemoteKeySetOptions) {
    for (const field of ['cacheMs', 'staleMs', 'timeoutMs'] as const) {
      checkTime(options[field], field);
    }
    this.#options = options;
    this.#url = keySetUrl(options.url);
    this.#now = options.monotonicMs ?? (() => performance.now());
  }

  /** The keys that may have signed; undefined when no set can be had now. */
  async find(header: JoseHeader): Promise<readonly PublicKey[] | undefined> {
    const age = this.#now() - this.#loadedAt;
    if (age >= (this.#options.staleMs ?? 3_600_000)) {
      this.#keys = undefined;
      await this.#load(retryMs);
    } else if (age >= (this.#options.cacheMs ?? 600_000)) {
      void this.#load(retryMs);
    }
    if (this.#keys === undefined) return undefined;
    const found = keysFor(this.#keys, header);
    if (found.length > 0) return found;
    await this.#load(unknownKeyMs);
    return keysFor(this.#keys, header);
  }

  /** Asks for the set, unless that was done less than `pauseMs` ago. Never fails. */
  #load(pauseMs: number): Promise<void> {
    if (this.#underWay !== undefined) return this.#underWay;
    const now = this.#now();
    if (now - this.#askedAt < pauseMs) return Promise.resolve();
    this.#askedAt = now;
    this.#underWay = this.#fetch().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetch(): Promise<void> {
    try {
      this.#keys = await this.#fetchKeys();
      this.#loadedAt = this.#now();
    } catch (cause) {
      const why = cause instanceof RpcError ? cause.message : 'the request failed';
      const message = `JWT key set of ${new URL(this.#url).origin}: ${why}`;
      this.#options.onFault?.(new RpcError('unavailable', message, { cause, retryable: true }));
    }
  }

  async #fetchKeys(): Promise<readonly PublicKey[]> {
    const { fetch: fetcher = fetch, timeoutMs = 5_000 } = this.#options;
    const response = await fetcher(this.#url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new RpcError('unavailable', `the answer has status ${response.status}, not 200`);
    }
    const keys = readKeySet(parseJson(await boundedText(response)));
    if (keys === undefined) throw new RpcError('unavailable', 'the answer is no key set');
    return keys;
  }
}

function checkTime(ms: number | undefined, field: string): void {
  if (ms === undefined || (ms >= 1 && ms <= maxTimeMs)) return;
  const bounds = `1 to ${maxTimeMs}`;
  throw new RpcError('invalid_argument', `JWT: ${field} of the key set: ${ms} is not ${bounds}`);
}

/** The address of a key set. @throws RpcError invalid_argument for one from which no keys may be had. */
export function keySetUrl(address: string): string {
  const url = URL.parse(address);
  if (url === null) throw refused('is no URL');
  if (url.username !== '' || url.password !== '') throw refused('has a user name or password');
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (!isSafe) throw refused(`is not HTTPS, and ${url.origin} is not this machine`);
  return url.href;
}

function refused(why: string): RpcError {
  return new RpcError('invalid_argument', `JWT: the URL of the key set ${why}`);
}

/** The text of an answer of at most 256 KiB. @throws RpcError unavailable for a longer one. */
export async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxKeySetBytes) {
      throw new RpcError('unavailable', `the answer is longer than ${maxKeySetBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
