import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { type Configuration, Provider } from 'oidc-provider';
import { fixtureServer } from './fixture-server.ts';
import { RemoteFixture } from './remote-fixture.ts';

/** A machine's registration at the provider. */
export const machine = { id: 'robot', secret: 'the-secret-of-the-robot' };

/**
 * The fixture behind a real authorization server (`oidc-provider`): clients register themselves, tokens are
 * bound to the resource, and a person called `ada` agrees to everything.
 */
export class ProtectedFixture implements AsyncDisposable {
  readonly issuer: string;
  readonly resource: RemoteFixture;
  /** Tokens that were good when they came. */
  readonly tokens: string[] = [];
  /** Scopes that calls need from now on. */
  needs = 'tools';
  readonly #server: Server;
  readonly #provider: Provider;

  private constructor(server: Server, issuer: string, provider: Provider) {
    this.#server = server;
    this.issuer = issuer;
    this.#provider = provider;
    const handler = createMcpHandler(fixtureServer);
    this.resource = new RemoteFixture('/mcp', async (request) => {
      const { origin, pathname } = new URL(request.url);
      if (pathname === '/.well-known/oauth-protected-resource/mcp') {
        const authorization_servers = [issuer];
        return Response.json({ resource: `${origin}/mcp`, authorization_servers });
      }
      const refusal = await this.#refusal(request, origin);
      return refusal ?? handler.fetch(request);
    });
  }

  static async start(): Promise<ProtectedFixture> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const jwks = { keys: [await signingKey()] };
    const provider: Provider = new Provider(issuer, { ...configuration(() => provider), jwks });
    const answer = provider.callback();
    server.on('request', (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
      const answers = { login: { accountId: 'ada' }, consent: {} };
      void provider.interactionFinished(request, response, answers);
    });
    return new ProtectedFixture(server, issuer, provider);
  }

  /** Every token that was given is no good from now on; those that renew them are. */
  async expire(): Promise<void> {
    for (const token of this.tokens.splice(0)) {
      const found = await this.#provider.AccessToken.find(token);
      await found?.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resource[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #refusal(request: Request, origin: string): Promise<Response | undefined> {
    const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
    const found =
      (await this.#provider.AccessToken.find(token)) ??
      (await this.#provider.ClientCredentials.find(token));
    if (found === undefined || found.aud !== `${origin}/mcp`) {
      const challenge = `Bearer scope="tools", ${metadata}`;
      return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } });
    }
    if (this.needs.split(' ').some((scope) => !found.scope?.split(' ').includes(scope))) {
      const challenge = `Bearer error="insufficient_scope", scope="${this.needs}", ${metadata}`;
      return new Response(null, { status: 403, headers: { 'www-authenticate': challenge } });
    }
    this.tokens.push(token);
    return undefined;
  }
}

/** What a person with a browser does: follows the address until it leads back to zeke. */
export async function browse(address: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = address;
  for (let steps = 0; steps < 10; steps += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const each of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${url} leads nowhere: ${await answer.text()}`);
    url = new URL(location, url);
    if (url.pathname === '/callback') return url;
  }
  throw new Error('the login goes in circles');
}

async function signingKey() {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { d, dp, dq, e, n, p, q, qi } = await crypto.subtle.exportKey('jwk', privateKey);
  return { kty: 'RSA', kid: 'k', alg: 'RS256', use: 'sig', d, dp, dq, e, n, p, q, qi } as never;
}

function configuration(provider: () => Provider): Configuration {
  return {
    clients: [
      {
        client_id: machine.id,
        client_secret: machine.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    cookies: { keys: ['a key for the cookies of the provider'] },
    scopes: ['openid', 'offline_access', 'tools', 'files'],
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_, resource) => ({
          scope: 'tools files',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
        useGrantedResource: async () => true,
      },
    },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      Interaction: 60,
      RefreshToken: 600,
    },
    // A person who agrees to everything.
    loadExistingGrant: async ({ oidc: { client, params, session } }) => {
      const grant = new (provider().Grant)({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope('openid offline_access tools files');
      grant.addResourceScope(`${params?.resource}`, `${params?.scope ?? 'tools'}`);
      await grant.save();
      return grant;
    },
  };
}
