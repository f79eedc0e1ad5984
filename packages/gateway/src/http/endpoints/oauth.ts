import { RpcError } from '@zeke/rpc';
import { callerOfKey } from '../../governance/authenticate.ts';
import type { LoggedIn } from '../../governance/identity/logins.ts';
import type { OwnTokens } from '../../governance/identity/own-tokens.ts';
import { publicUrlOf } from '../../governance/identity/public-url.ts';
import { keyScopes, type SentKey } from '../../governance/key-store.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { neverKept, tokenError } from '../oauth-error.ts';
import { readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { commandLineClient } from './login.ts';

const maxBodyBytes = 16_384;
const maxParameters = 50;

/**
 * `POST /oauth/token`: the client credentials of RFC 6749, section 4.4. A client is a key: `client_id`
 * its id, `client_secret` itself. What it gets is a token that stands for the key until it ends, or
 * the key does. Beside them, the code of a login of the command line (section 4.1.3, RFC 7636).
 */
export async function issueToken(services: Services, exchange: Exchange): Promise<Response> {
  const parameters = await formOf(services, exchange);
  const grant = parameters.get('grant_type');
  if (grant === undefined) throw tokenError('invalid_request', 'grant_type is missing');
  const { auth, ownTokens } = services;
  if (grant === 'authorization_code') return await redeemCode(services, exchange, parameters);
  if (grant !== 'client_credentials') {
    const message = 'grant_type: client_credentials and authorization_code are taken, no other';
    throw tokenError('unsupported_grant_type', message);
  }
  if (auth.oauth === undefined || ownTokens === undefined) {
    throw apiError('not_found', 'there are no access tokens here: auth.oauth.enabled is not set');
  }
  const key = await clientOf(services, exchange, parameters);
  exchange.caller = callerOfKey(key);
  return issueFor(services, exchange, ownTokens, { key, asked: parameters.get('scope') });
}

function issueFor(
  { auth, now }: Services,
  exchange: Exchange,
  tokens: OwnTokens,
  { asked, key }: { key: SentKey; asked: string | undefined },
): Response {
  const scope = scopeOf(key, asked);
  const ttlMs = Math.min(
    auth.oauth?.tokenTtlMs ?? 0,
    (key.expiresAtMs ?? Number.POSITIVE_INFINITY) - now(),
  );
  const token = tokens.issue('access', { sub: key.id, client_id: key.id, scope }, ttlMs);
  const answer = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: Math.ceil(ttlMs / 1_000),
    scope,
  };
  return jsonResponse(exchange, answer, { headers: neverKept });
}

/** The code of a login that a command line has begun, for the key that the login gives. */
async function redeemCode(
  { logins, rateLimits }: Services,
  exchange: Exchange,
  parameters: ReadonlyMap<string, string>,
): Promise<Response> {
  if (logins === undefined) {
    throw tokenError('unauthorized_client', 'nobody can log in here: auth.oidc is not configured');
  }
  const [code, verifier, redirectUri] = ['code', 'code_verifier', 'redirect_uri'].map((name) => {
    const value = parameters.get(name);
    if (value === undefined) throw tokenError('invalid_request', `${name} is missing`);
    return value;
  }) as [string, string, string];
  if (parameters.get('client_id') !== commandLineClient) {
    throw tokenError('invalid_client', `client_id: it must be ${commandLineClient}`);
  }
  const address = rateLimits.addressOf(exchange.request, exchange.peer);
  let person: LoggedIn;
  try {
    person = logins.personOf(code, { redirectUri, verifier });
  } catch (reason) {
    const refused = tokenError('invalid_grant', RpcError.from(reason).message);
    throw rateLimits.throttle.failed(address, refused);
  }
  const { key, secret, ttlMs } = await logins.keyFor(person, 'command-line');
  const answer = {
    access_token: secret,
    token_type: 'Bearer',
    expires_in: Math.floor(ttlMs / 1_000),
    scope: key.scopes.join(' '),
  };
  return jsonResponse(exchange, answer, { headers: neverKept });
}

/** What was asked for, where the key has it; all that the key has, where nothing was. */
function scopeOf({ scopes }: SentKey, asked: string | undefined): string {
  if (asked === undefined) return scopes.join(' ');
  const wanted = new Set(asked.split(' '));
  const unknown = [...wanted].find((each) => !scopes.some((scope) => scope === each));
  if (unknown === undefined) return [...wanted].join(' ');
  throw tokenError('invalid_scope', `scope: this client has ${scopes.join(' ')}, and no other`);
}

/** The key that is the client. A wrong one counts as a failure of its address. */
async function clientOf(
  { keys, rateLimits }: Services,
  { peer, request }: Exchange,
  parameters: ReadonlyMap<string, string>,
): Promise<SentKey> {
  // Of a client that leaves meanwhile, the address would not be known any more.
  const address = rateLimits.addressOf(request, peer);
  const { id, secret } = credentialsOf(request, parameters);
  try {
    const key = await keys.authenticate(secret);
    if (key.id === id) return key;
  } catch (reason) {
    const error = RpcError.from(reason);
    if (error.code !== 'unauthenticated') throw error;
    throw rateLimits.throttle.failed(address, tokenError('invalid_client', error.message));
  }
  const message = 'client_id is not the id of the key in client_secret';
  throw rateLimits.throttle.failed(address, tokenError('invalid_client', message));
}

/** By HTTP Basic or in the body (RFC 6749, section 2.3.1), not by both. */
function credentialsOf(
  { headers }: Request,
  parameters: ReadonlyMap<string, string>,
): { id: string; secret: string } {
  const authorization = headers.get('authorization');
  const id = parameters.get('client_id');
  const secret = parameters.get('client_secret');
  if (authorization === null) {
    if (id && secret) return { id, secret };
    throw tokenError(
      'invalid_client',
      'client_id and client_secret are needed: the id of a key, and the key',
    );
  }
  if (secret !== undefined) {
    throw tokenError(
      'invalid_request',
      'the client shows who it is twice: by a header and in the body',
    );
  }
  const known = basicOf(authorization);
  if (known === undefined) {
    throw tokenError(
      'invalid_client',
      'the header authorization is no Basic with client_id and client_secret',
    );
  }
  if (id === undefined || id === known.id) return known;
  throw tokenError('invalid_request', 'client_id is another in the body than in the header');
}

function basicOf(authorization: string): { id: string; secret: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]{1,2048})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  try {
    const [id = '', secret = ''] = [text.slice(0, colon), text.slice(colon + 1)].map((part) =>
      decodeURIComponent(part.replaceAll('+', ' ')),
    );
    return { id, secret };
  } catch {
    return undefined;
  }
}

/** The parameters of a form, each once. */
async function formOf(
  { limits, watchdog }: Services,
  exchange: Exchange,
): Promise<ReadonlyMap<string, string>> {
  const type = exchange.request.headers.get('content-type') ?? '';
  if (type.split(';')[0]?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw tokenError('invalid_request', 'the body is to be application/x-www-form-urlencoded');
  }
  const most = Math.min(maxBodyBytes, limits.maxBodyBytes);
  const text = await readBody(exchange, { limits: { ...limits, maxBodyBytes: most }, watchdog });
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) throw tokenError('invalid_request', 'a parameter stands there twice');
    if (parameters.size >= maxParameters) {
      throw tokenError('invalid_request', `there are more than ${maxParameters} parameters`);
    }
    // A parameter without a value counts as one that is left out (RFC 6749, section 3.2).
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

/** `GET /.well-known/oauth-authorization-server` (RFC 8414). */
export function authorizationServerMetadata(services: Services, exchange: Exchange): Response {
  const { auth, logins } = services;
  if (auth.oauth === undefined && logins === undefined) {
    throw apiError('not_found', 'there are no access tokens here: auth.oauth.enabled is not set');
  }
  const issuer = publicUrlOf(auth, exchange.request);
  return jsonResponse(exchange, {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    grant_types_supported: ['client_credentials', ...(logins ? ['authorization_code'] : [])],
    response_types_supported: logins ? ['code'] : [],
    ...(logins
      ? {
          authorization_endpoint: `${issuer}/oauth/authorize`,
          code_challenge_methods_supported: ['S256'],
        }
      : {}),
    scopes_supported: keyScopes,
  });
}
