import { LoopbackListener } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { answerError } from '../answer-error.ts';
import { type GatewayClient, openClient, serverUrl } from '../client.ts';
import type { LoginFlags } from '../commands/login.ts';
import type { ConfigFlags } from '../config.ts';
import type { Context } from '../context.ts';
import { loginCode } from '../login-code.ts';
import { forgetLogin, keepLogin, loginAt } from '../login-store.ts';
import { openBrowser } from '../open-browser.ts';
import { printable } from '../output.ts';

/** How long a person may take at the login provider. */
const loginLimitMs = 600_000;
/** How the gateway calls this program. */
const clientId = 'zeke-cli';

/** What `GET /auth/whoami` tells. */
interface Identity {
  readonly credential: string;
  readonly owner?: string;
  readonly keyId?: string;
  readonly orgId?: string;
  readonly teamId?: string;
  readonly userId?: string;
  readonly role?: string;
  readonly scopes: readonly string[];
  readonly allowedModels?: readonly string[];
  readonly expiresAtMs?: number;
}

/**
 * Logs a person in at the gateway's login provider, in the browser, and keeps the key that the gateway
 * gives for it: authorization code with PKCE, back to a loopback address (RFC 8252).
 */
export async function logIn(context: Context, flags: LoginFlags): Promise<void> {
  const { output } = context;
  const url = await serverUrl(context, flags);
  const { authorization_endpoint: authorize, token_endpoint: redeem } = await metadataOf(url);
  using listener = new LoopbackListener();
  const verifier = randomText();
  const state = randomText();
  const address = new URL(authorize);
  address.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: listener.redirectUri,
    state,
    code_challenge: new Bun.CryptoHasher('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  output.note(`log in with your browser at\n${address.href}`);
  if (flags.browser !== false) openBrowser(address.href);
  const limit = AbortSignal.any([context.interrupts.signal, AbortSignal.timeout(loginLimitMs)]);
  const code = loginCode(await listener.answer(state, limit));
  const { key, expiresInMs } = await redeemCode(redeem, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    code_verifier: verifier,
    redirect_uri: listener.redirectUri,
  });
  const who = await identityOf(url, key);
  const owner = who.owner ?? '';
  const expiresAtMs = Date.now() + expiresInMs;
  await keepLogin(context, { url, key, owner, expiresAtMs });
  if (flags.json) return output.json({ url, owner, role: who.role, expiresAtMs });
  const until = new Date(expiresAtMs).toISOString();
  output.line(`logged in at ${url} as ${printable(owner)} until ${until}`);
}

/** Ends the login at the gateway, and forgets it here whatever the gateway says. */
export async function logOut(context: Context, flags: LoginFlags): Promise<void> {
  const { output } = context;
  const url = await serverUrl(context, flags);
  const login = await loginAt(context, url, Date.now());
  const wasThere = await forgetLogin(context, url);
  if (!wasThere)
    throw new RpcError('not_found', `there is no login at ${url}; zeke login makes one`);
  if (login !== undefined) await endAt(context, login.url, login.key);
  if (flags.json) output.json({ url });
  else output.line(`logged out at ${url}`);
}

/** Tells who the gateway takes this command line for. */
export async function whoAmI(
  context: Context,
  flags: ConfigFlags & { readonly json?: boolean },
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const who = await client.json<Identity>('/auth/whoami');
  if (flags.json) return output.json({ url: client.url, ...who });
  output.line(`${nameOf(who)}, ${placeOf(client)}`);
  for (const [what, value] of [
    ['role', who.role],
    ['user', who.userId],
    ['team', who.teamId],
    ['organisation', who.orgId],
    ['may', who.scopes.join(', ')],
    ['models', who.allowedModels?.join(', ')],
    ['key', who.keyId],
    ['until', who.expiresAtMs && new Date(who.expiresAtMs).toISOString()],
  ]) {
    if (value) output.line(`  ${what}: ${printable(String(value))}`);
  }
}

function nameOf({ credential, owner = '' }: Identity): string {
  switch (credential) {
    case 'none':
      return 'nobody in particular, without a key';
    case 'admin-key':
      return 'the operator, by the admin key';
    default:
      return `${printable(owner)}, by a ${credential}`;
  }
}

function placeOf({ url }: GatewayClient): string {
  return url === undefined ? 'on the database itself' : `at ${url}`;
}

async function metadataOf(
  url: string,
): Promise<Record<'authorization_endpoint' | 'token_endpoint', string>> {
  const response = await reach(`${url}/.well-known/oauth-authorization-server`, {});
  const metadata = response.ok ? ((await response.json()) as Record<string, unknown>) : {};
  const { authorization_endpoint: authorize, token_endpoint: token } = metadata;
  if (typeof authorize === 'string' && typeof token === 'string') {
    return { authorization_endpoint: authorize, token_endpoint: token };
  }
  const message = `nobody can log in at ${url}: it has no login provider (auth.oidc)`;
  throw new RpcError('failed_precondition', message);
}

async function redeemCode(
  address: string,
  form: Record<string, string>,
): Promise<{ key: string; expiresInMs: number }> {
  const response = await reach(address, { method: 'POST', body: new URLSearchParams(form) });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { access_token: key, expires_in: seconds } = answer;
  if (response.ok && typeof key === 'string' && typeof seconds === 'number') {
    return { key, expiresInMs: seconds * 1_000 };
  }
  const why = answer.error_description ?? `the gateway answered with HTTP ${response.status}`;
  throw new RpcError('unauthenticated', `the login failed: ${printable(String(why))}`);
}

async function identityOf(url: string, key: string): Promise<Identity> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await reach(`${url}/auth/whoami`, { headers });
  if (!response.ok) throw await answerError(response);
  return (await response.json()) as Identity;
}

/** A login that has ended already needs no end. */
async function endAt({ output }: Context, url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  try {
    const response = await reach(`${url}/auth/logout`, { method: 'POST', headers });
    if (response.ok || response.status === 401) return;
    output.note(`the gateway did not end the login: ${(await answerError(response)).message}`);
  } catch {
    output.note(`${url} does not answer: the login is forgotten here, and ends there by its time`);
  }
}

/** How long the gateway may take to answer. */
const answerLimitMs = 15_000;

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...init, signal: AbortSignal.timeout(answerLimitMs) });
  } catch (cause) {
    const { origin } = new URL(address);
    throw new RpcError('unavailable', `${origin} does not answer`, { cause });
  }
}

/** 256 random bits, as PKCE and states have them. */
function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
