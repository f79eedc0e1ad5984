import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { type IdentityConfig, type JwtIssuerConfig, Secret } from '@zeke/foundation';
import {
  providerConfig,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
} from '../../../testing/test-gateway.ts';
import type { AuthSettings } from '../../authenticate.ts';

export const operator = { authorization: 'Bearer the-admin-key-of-tests' };
export const sharedSecret = 'a-shared-secret-of-32-bytes-or-more';

/** How claims are read in tests, unless they say otherwise. */
export const identity: IdentityConfig = {
  org: 'acme',
  userClaim: 'sub',
  roles: new Map(),
  defaultRole: 'member',
  grants: ['inference', 'admin'],
  provision: false,
};

/** An issuer whose tokens are signed with `sharedSecret`, without `kid`. */
export function sharedIssuer(changes: Partial<JwtIssuerConfig> = {}): JwtIssuerConfig {
  return {
    ...identity,
    name: 'ci',
    issuer: 'https://ci.example',
    keys: { kind: 'shared', secrets: new Map([['', new Secret(sharedSecret)]]) },
    leewayMs: 5_000,
    ...changes,
  };
}

/** An entity as the admin API answers it. */
export interface Made {
  id: string;
  name: string;
}

/**
 * A gateway that asks every caller who it is, before an emulated OpenAI, with the organisation `acme`
 * and in it the team `research` and the user `ada`. Its clock stands still unless it is moved.
 */
export class TokenGateway implements AsyncDisposable {
  readonly test: TestGateway;
  readonly clock: { ms: number };
  readonly org: Made;
  readonly team: Made;
  readonly ada: Made;
  readonly #emulator: Emulator;
  readonly #auth: AuthSettings;

  private constructor(fields: {
    test: TestGateway;
    clock: { ms: number };
    entities: readonly [Made, Made, Made];
    emulator: Emulator;
    auth: AuthSettings;
  }) {
    this.test = fields.test;
    this.clock = fields.clock;
    [this.org, this.team, this.ada] = fields.entities;
    this.#emulator = fields.emulator;
    this.#auth = fields.auth;
  }

  static async start(
    auth: Partial<AuthSettings>,
    options: Partial<TestGatewayOptions> = {},
  ): Promise<TokenGateway> {
    const clock = { ms: Date.UTC(2026, 10, 22) };
    const emulator = startOpenAiEmulator({ apiKeys: ['k'] });
    const settings = {
      requireAuth: true,
      adminApiKey: new Secret('the-admin-key-of-tests'),
      ...auth,
    };
    const test = await testGateway({
      providers: [
        providerConfig({
          name: 'openai',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${emulator.url}/v1`,
        }),
      ],
      now: () => clock.ms,
      ...options,
      settings: { auth: settings, ...options.settings },
    });
    const make = async (kind: string, body: object): Promise<Made> => {
      const response = await test.post(`/admin/${kind}`, body, operator);
      if (response.status !== 201) throw new Error(await response.text());
      return (await response.json()) as Made;
    };
    const org = await make('orgs', { name: 'acme' });
    const team = await make('teams', { name: 'research', org_id: org.id });
    const ada = await make('users', { name: 'ada', org_id: org.id });
    return new TokenGateway({ test, clock, emulator, auth: settings, entities: [org, team, ada] });
  }

  /** Puts other settings of authentication in force. */
  configure(auth: Partial<AuthSettings>): void {
    this.test.configure({ auth: { ...this.#auth, ...auth } });
  }

  chat(token: string, headers: Record<string, string> = {}): Promise<Response> {
    const body = { model: 'openai/gpt-4.1-mini', messages: [{ role: 'user', content: 'hello' }] };
    return this.test.post('/v1/chat/completions', body, {
      authorization: `Bearer ${token}`,
      ...headers,
    });
  }

  /** Status and text of an answer to a chat. */
  async answer(token: string): Promise<{ status: number; text: string }> {
    const response = await this.chat(token);
    return { status: response.status, text: await response.text() };
  }

  send(method: string, path: string, headers: Record<string, string>, body?: object) {
    const request = new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return this.test.gateway.handle(request);
  }

  /** Seconds since the epoch, as claims have them. */
  seconds(from = 0): number {
    return Math.floor(this.clock.ms / 1_000) + from;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
    await this.#emulator.stop();
  }
}
