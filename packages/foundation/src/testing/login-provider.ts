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
    server.on('request', provider.callback());
    return new LoginProvider(issuer, server);
  }

  /** What a person does: follows the address, types a name, and is sent back; where to is the answer. */
  async logIn(address: string, login: string): Promise<URL> {
    const cookies = new Map<string, string>();
    let url = new URL(address);
    let form: URLSearchParams | undefined;
    for (let steps = 0; steps < 10; steps++) {
      if (url.origin !== this.issuer) return url;
      const response: Response = await fetch(url, {
        method: form ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
        ...(form ? { body: form } : {}),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location !== null) {
        url = new URL(location, url);
        form = undefined;
      } else if (response.status === 200 && form === undefined) {
        form = new URLSearchParams({ prompt: 'login', login, password: 'any' });
      } else throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
    }
    throw new Error('the provider sends in circles');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
