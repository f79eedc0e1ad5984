import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export const clientId = 'zeke';
export const clientSecret = 'the-secret-of-zeke-at-the-provider';

/** People of the provider: their claims beside `sub`. */
export const people: Readonly<Record<string, Record<string, unknown>>> = {
  ada: { email: 'ada@acme.example', email_verified: true, groups: ['staff'] },
  grace: { email: 'grace@acme.example', email_verified: true, groups: ['ops', 'staff'] },
  mallory: { email: 'ada@acme.example', email_verified: false, groups: ['ops'] },
};

/** A real OpenID provider (`oidc-provider`) on loopback, with a browser that logs people in at it. */
export class LoginProvider implements AsyncDisposable {
  readonly issuer: string;
  readonly #server: Server;

  private constructor(issuer: string, server: Server) {
    this.issuer = issuer;
    this.#server = server;
  }

  /** `redirectUri` is where zeke has people sent back to. */
  static async start(redirectUri: string): Promise<LoginProvider> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [redirectUri],
          token_endpoint_auth_method: 'client_secret_basic',
        },
      ],
      cookies: { keys: ['a key for the cookies of the provider'] },
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k', alg: 'RS256', use: 'sig' }] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
      scopes: ['openid', 'email', 'profile'],
      findAccount: async (_, id) => ({
        accountId: id,
        claims: async () => ({ sub: id, ...people[id] }),
      }),
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `${loginPath}${uid}` },
      ttl: {
        AccessToken: 60,
        AuthorizationCode: 60,
        Grant: 60,
        IdToken: 60,
        Interaction: 60,
        Session: 60,
      },
      // Nobody is asked whether zeke may know who they are.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new provider.Grant({
          clientId: oidc.client?.clientId ?? '',
          accountId: oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
    const answer = provider.callback();
    server.on('request', (request, response) => {
      const login = loginIn(request.url ?? '');
      if (login === undefined) return void answer(request, response);
      void provider.interactionFinished(request, response, { login: { accountId: login } });
    });
    return new LoginProvider(issuer, server);
  }

  /** What a person does: follows the address, says its name, and is sent back; where to is the answer. */
  async logIn(address: string, login: string): Promise<URL> {
    const cookies = new Map<string, string>();
    let url = new URL(address);
    for (let steps = 0; steps < 10; steps++) {
      if (url.origin !== this.issuer) return url;
      if (url.pathname.startsWith(loginPath)) url.searchParams.set('login', login);
      const response: Response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) {
        throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      }
      url = new URL(location, url);
    }
    throw new Error('the provider sends in circles');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const loginPath = '/log-in/';

/** Whom somebody says to be at the page where the provider asks for it. */
function loginIn(url: string): string | undefined {
  if (!url.startsWith(loginPath)) return undefined;
  return new URL(url, 'http://provider').searchParams.get('login') ?? undefined;
}
