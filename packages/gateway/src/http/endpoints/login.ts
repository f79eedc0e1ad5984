import { RpcError } from '@zeke/rpc';
import type { Logins, LoginTicket, LoginWish } from '../../governance/identity/logins.ts';
import { publicUrlOf } from '../../governance/identity/public-url.ts';
import { cookieOf, sessionCookie } from '../../governance/identity/session-source.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';
import { wrong } from './admin-input.ts';

/** Between the beginning and the end of a login. */
const ticketCookie = 'zeke_login';
const ticketSeconds = 600;
const maxParameterChars = 1_000;

/** What the command line is called where it asks for a code. */
export const commandLineClient = 'zeke-cli';

/** `GET /auth/login`: on to the login provider. `return_to` is a path of this gateway, `/` without it. */
export async function beginLogin(services: Services, exchange: Exchange): Promise<Response> {
  const returnTo = new URLSearchParams(exchange.query).get('return_to') ?? '/';
  if (!/^\/(?![/\\])[^\s\\]{0,500}$/.test(returnTo)) {
    throw wrong('return_to', 'it must be a path of this gateway, such as /');
  }
  return await toProvider(services, exchange, { kind: 'browser', returnTo });
}

/**
 * `GET /oauth/authorize`: a login for a command line that listens on this machine, by the rules of
 * RFC 8252: a loopback address for `redirect_uri`, and a challenge of PKCE (S256).
 */
export async function authorizeCommand(services: Services, exchange: Exchange): Promise<Response> {
  const query = new URLSearchParams(exchange.query);
  const parameter = (name: string): string => {
    const value = query.get(name);
    if (!value) throw wrong(name, 'it is missing');
    if (value.length <= maxParameterChars) return value;
    throw wrong(name, `it is longer than ${maxParameterChars} characters`);
  };
  const expected = {
    response_type: 'code',
    client_id: commandLineClient,
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(expected)) {
    if (parameter(name) !== value) throw wrong(name, `it must be ${value}`);
  }
  const redirectUri = parameter('redirect_uri');
  if (!/^http:\/\/127\.0\.0\.1:\d{1,5}\/callback$/.test(redirectUri)) {
    throw wrong('redirect_uri', 'it must be http://127.0.0.1:<port>/callback');
  }
  const challenge = parameter('code_challenge');
  if (!/^[\w-]{43}$/.test(challenge))
    throw wrong('code_challenge', 'it is no SHA-256 in base64url');
  const state = parameter('state');
  return await toProvider(services, exchange, {
    kind: 'command-line',
    redirectUri,
    challenge,
    state,
  });
}

async function toProvider(
  services: Services,
  { request, requestId }: Exchange,
  wish: LoginWish,
): Promise<Response> {
  const publicUrl = publicUrlOf(services.auth, request);
  const { ticket, url } = await loginsOf(services).begin(`${publicUrl}/auth/callback`, wish);
  const cookie = setCookie(ticketCookie, ticket, {
    publicUrl,
    seconds: ticketSeconds,
    path: '/auth',
  });
  return redirect(url, requestId, [cookie]);
}

/** `GET /auth/callback`: the browser is back from the login provider. */
export async function endLogin(services: Services, exchange: Exchange): Promise<Response> {
  const { query, request, requestId } = exchange;
  const logins = loginsOf(services);
  const publicUrl = publicUrlOf(services.auth, request);
  const forgetTicket = setCookie(ticketCookie, '', { publicUrl, seconds: 0, path: '/auth' });
  try {
    const ticket = logins.ticketOf(cookieOf(request.headers, ticketCookie));
    const { wish } = ticket;
    const url = new URL(`${publicUrl}/auth/callback?${query}`);
    if (wish.kind === 'command-line') {
      const answer = await codeOrError(services, { logins, url, ticket, wish });
      return redirect(answer, requestId, [forgetTicket]);
    }
    const person = await logins.complete(url, ticket);
    const { secret, ttlMs } = await logins.keyFor(person, 'browser');
    const seconds = Math.floor(ttlMs / 1_000);
    const session = setCookie(sessionCookie, secret, { publicUrl, seconds, path: '/' });
    return redirect(publicUrl + wish.returnTo, requestId, [session, forgetTicket]);
  } catch (reason) {
    throw counted(services, exchange, reason);
  }
}

interface CommandLogin {
  logins: Logins;
  ticket: LoginTicket;
  wish: LoginWish & { kind: 'command-line' };
  /** With which the browser came back. */
  url: URL;
}

/** A login of a command line that fails is told to the command, which waits for it. */
async function codeOrError(
  { log }: Services,
  { logins, ticket, url, wish }: CommandLogin,
): Promise<string> {
  const answer = new URL(wish.redirectUri);
  answer.searchParams.set('state', wish.state);
  try {
    answer.searchParams.set('code', logins.codeFor(await logins.complete(url, ticket), wish));
  } catch (reason) {
    const error = RpcError.from(reason);
    log.info('a login of a command line failed', { code: error.code, err: reason });
    answer.searchParams.set('error', 'access_denied');
    answer.searchParams.set('error_description', error.message);
  }
  return answer.href;
}

/** `POST /auth/logout`: ends the login that the request comes with. */
export async function endSession(services: Services, exchange: Exchange): Promise<Response> {
  const { caller, request, requestId } = exchange;
  const { keyId } = caller;
  const key = keyId === undefined || caller.credential ? undefined : await services.keys.get(keyId);
  if (key?.login === undefined) {
    throw apiError(
      'failed_precondition',
      'this request comes with no login that could be ended; zeke keys revoke ends a key',
      { reason: 'no_login' },
    );
  }
  const { id, owner } = await services.keys.revoke(key.id);
  const publicUrl = publicUrlOf(services.auth, request);
  const isPage = request.headers.get('accept')?.includes('text/html') === true;
  return jsonResponse(
    { requestId },
    { id, owner },
    {
      status: isPage ? 303 : 200,
      headers: {
        'set-cookie': setCookie(sessionCookie, '', { publicUrl, seconds: 0, path: '/' }),
        ...(isPage ? { location: `${publicUrl}/` } : {}),
      },
    },
  );
}

/** `GET /auth/whoami`: what the gateway knows of who asks. */
export async function whoAmI(services: Services, exchange: Exchange): Promise<Response> {
  const { caller } = exchange;
  const { allowedModels, credential, keyId, orgId, owner, role, teamId, tier, userId } = caller;
  const key = keyId === undefined || credential ? undefined : await services.keys.get(keyId);
  const scopes = [...(caller.inference ? ['inference'] : []), ...(caller.admin ? ['admin'] : [])];
  return jsonResponse(exchange, {
    credential: credential ?? (key?.login ? 'login' : keyId ? 'key' : owner ? 'admin-key' : 'none'),
    owner,
    keyId,
    orgId,
    teamId,
    userId,
    role,
    scopes,
    allowedModels,
    tier,
    expiresAtMs: key?.expiresAtMs,
  });
}

function loginsOf({ logins }: Services): Logins {
  if (logins) return logins;
  throw apiError('not_found', 'nobody can log in here: auth.oidc is not configured');
}

function counted({ rateLimits }: Services, { peer, request }: Exchange, reason: unknown): unknown {
  const error = RpcError.from(reason);
  if (error.code !== 'unauthenticated') return reason;
  return rateLimits.throttle.failed(rateLimits.addressOf(request, peer), error);
}

function redirect(location: string, requestId: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'x-request-id': requestId, 'cache-control': 'no-store' });
  // The address that the browser comes from has the code in it.
  headers.set('referrer-policy', 'no-referrer');
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}

function setCookie(
  name: string,
  value: string,
  { path, publicUrl, seconds }: { path: string; publicUrl: string; seconds: number },
): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
