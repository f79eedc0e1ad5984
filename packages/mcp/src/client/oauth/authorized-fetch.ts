import {
  auth,
  computeScopeUnion,
  extractWWWAuthenticateParams,
  type FetchLike,
  isStrictScopeSuperset,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import type { Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { OauthProvider } from './oauth-provider.ts';
import type { SignIn } from './sign-in.ts';

/** How long a person may take to log in, in milliseconds. */
const maxSignInMs = 10 * 60_000;

/** So often one request is sent, renewals of others included. */
const maxTries = 5;

export interface AuthorizedFetchOptions {
  readonly server: string;
  readonly fetch: FetchLike;
  readonly url: string;
  /** Sent to the server, and to nobody else. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly provider: OauthProvider;
  /** Scopes to ask for beside those that the server names. */
  readonly scopes?: readonly string[];
  readonly signIn?: SignIn;
  /** Ended with the connection. */
  readonly signal: AbortSignal;
}

/**
 * A fetch that sends a server its headers and its token, and gets or renews the token when the server asks:
 * once for a token that is no good (401), once for one that may too little (403). Requests that are
 * refused at the same time share one renewal.
 */
export function authorizedFetch(options: AuthorizedFetchOptions): FetchLike {
  const { fetch, provider } = options;
  const { origin } = new URL(options.url);
  let renewing: Promise<void> | undefined;
  const renew = (answer: Response, used: string | undefined) => {
    renewing ??= renewed(options, answer, used).finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  return async (input, init) => {
    if (new URL(input).origin !== origin) return fetch(input, init);
    const tried = new Set<number>();
    for (let tries = 1; ; tries += 1) {
      const token = (await provider.tokens())?.access_token;
      const answer = await fetch(input, { ...init, headers: headersOf(options, init, token) });
      if (!asksForAuthorization(answer)) return answer;
      if (token === undefined && 'authorization' in options.headers) throw wrongHeader(options);
      if (tried.has(answer.status) || tries > maxTries) {
        throw new UnauthorizedError('the new token was refused, too');
      }
      // Another request's renewal may be of a token that may less than this one needs.
      if (renewing === undefined) tried.add(answer.status);
      await renew(answer, token);
    }
  };
}

function headersOf(
  { headers: own }: AuthorizedFetchOptions,
  init: RequestInit | undefined,
  token: string | undefined,
): Headers {
  const headers = new Headers(init?.headers);
  for (const [name, value] of Object.entries(own)) headers.set(name, value.reveal());
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return headers;
}

function wrongHeader({ server }: AuthorizedFetchOptions): RpcError {
  const message = `MCP server ${server} refused the authorization header that it is configured with`;
  return new RpcError('unauthenticated', message);
}

/** A refusal of another kind is the server's answer. */
function asksForAuthorization(answer: Response): boolean {
  if (answer.status === 401) return true;
  if (answer.status !== 403) return false;
  return extractWWWAuthenticateParams(answer).error === 'insufficient_scope';
}

async function renewed(
  options: AuthorizedFetchOptions,
  answer: Response,
  used: string | undefined,
): Promise<void> {
  const { fetch, provider, scopes = [], url: serverUrl } = options;
  const { resourceMetadataUrl, scope: challenged } = extractWWWAuthenticateParams(answer);
  await answer.body?.cancel();
  const tokens = await provider.tokens({ ofFlow: true });
  // Another request, or another process, was faster.
  if (tokens !== undefined && tokens.access_token !== used) return;
  const isStepUp = answer.status === 403;
  if (!isStepUp) await provider.invalidateCredentials('discovery');
  const granted = isStepUp ? tokens?.scope : undefined;
  const scope = computeScopeUnion(granted, challenged, scopes.join(' ') || undefined);
  const flow = {
    serverUrl,
    fetchFn: fetch,
    ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
    ...(scope === undefined ? {} : { scope }),
  };
  // A refresh cannot widen what a token may (RFC 6749, section 6).
  const forceReauthorization = isStepUp && isStrictScopeSuperset(scope, tokens?.scope);
  if (forceReauthorization) await provider.forgetClientFor(scope ?? '');
  if ((await auth(provider, { ...flow, forceReauthorization })) === 'AUTHORIZED') return;
  const { code, iss } = await signedIn(options);
  const redeem = { ...flow, authorizationCode: code, ...(iss === null ? {} : { iss }) };
  if ((await auth(provider, redeem)) !== 'AUTHORIZED') {
    throw new UnauthorizedError('the login gave no token');
  }
}

/** What the browser brought back. What else it says could be written by anybody, and is not shown. */
async function signedIn({ provider, signal, signIn }: AuthorizedFetchOptions) {
  const pending = provider.takePending();
  if (pending === undefined || signIn === undefined) throw new UnauthorizedError('no login began');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(maxSignInMs)]);
  const query = await signIn.answer(pending.url, pending.state, limit);
  if (query.get('state') !== pending.state) {
    throw new RpcError('unauthenticated', 'the login came back from another than was asked');
  }
  const code = query.get('code');
  if (code) return { code, iss: query.get('iss') };
  const error = query.get('error') ?? '';
  const why = /^[a-z_]{1,40}$/.test(error) ? `: ${error}` : '';
  throw new RpcError('unauthenticated', `the login was refused${why}`);
}
