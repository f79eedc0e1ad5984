import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import {
  type AuthSettings,
  type Caller,
  type CredentialSource,
  callerOfKey,
} from '../authenticate.ts';
import { type KeyStore, keyPrefix, type SentKey } from '../key-store.ts';
import { publicUrlOf } from './public-url.ts';

/** The cookie of a browser that has logged in. */
export const sessionCookie = 'zeke_session';

/**
 * Callers by the session of a browser, which is a key that a login has made. What changes something is
 * taken from our own pages only: the browser has to say so, by `Origin` or `Sec-Fetch-Site`.
 */
export function sessionSource(keys: KeyStore, settings: AuthSettings): CredentialSource {
  return ({ request, token }) => {
    const secret = token === undefined ? cookieOf(request.headers, sessionCookie) : undefined;
    if (!secret?.startsWith(keyPrefix)) return undefined;
    refuseForeignChange(request, settings);
    const known = knownKey(keys, secret);
    return known ? callerOf(known) : keys.authenticate(secret).then(callerOf, throwEnded);
  };
}

function knownKey(keys: KeyStore, secret: string): SentKey | undefined {
  try {
    return keys.known(secret);
  } catch (reason) {
    return throwEnded(reason);
  }
}

/** The value of a cookie; undefined where there is none, or an empty one. */
export function cookieOf(headers: Headers, name: string): string | undefined {
  const cookies = headers.get('cookie');
  if (cookies === null) return undefined;
  for (const pair of cookies.split(';')) {
    const trimmed = pair.trim();
    if (trimmed.startsWith(`${name}=`)) return trimmed.slice(name.length + 1) || undefined;
  }
  return undefined;
}

function callerOf(key: SentKey): Caller {
  if (key.login === 'browser') return callerOfKey(key);
  throw apiError('unauthenticated', 'the key in the cookie is not that of a login', {
    reason: 'invalid_api_key',
  });
}

function throwEnded(reason: unknown): never {
  const { code } = RpcError.from(reason);
  if (code !== 'unauthenticated') throw reason;
  throw apiError('unauthenticated', 'the login has ended: log in again at /auth/login', {
    reason: 'login_ended',
  });
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function refuseForeignChange(request: Request, settings: AuthSettings): void {
  const { headers, method } = request;
  if (safeMethods.has(method)) return;
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const asAsked = publicUrlOf({ ...settings, publicUrl: undefined }, request);
  // A page that gives no referrer states no origin either.
  const isOwn =
    origin === null || origin === 'null'
      ? site === 'same-origin'
      : origin === asAsked || origin === publicUrlOf(settings, request);
  if (isOwn && (site === null || site === 'same-origin')) return;
  throw apiError(
    'permission_denied',
    'with the cookie of a login only pages of this gateway may change something',
    { reason: 'foreign_origin' },
  );
}
