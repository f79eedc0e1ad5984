import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { type McpOauthConfig, Secret, type SecretStore } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { SignIn } from './sign-in.ts';

/** What is kept of a server: who we are to its authorization server, and what that gave us. */
const keptSchema = z.looseObject({
  client: z
    .looseObject({
      client_id: z.string(),
      redirect_uris: z.array(z.string()).optional(),
      scope: z.string().optional(),
    })
    .optional(),
  /** Whom a client that was registered by hand is registered at. */
  issuer: z.string().optional(),
  tokens: z.looseObject({ access_token: z.string(), token_type: z.string() }).optional(),
});
type Kept = z.infer<typeof keptSchema>;

export interface OauthProviderOptions {
  readonly server: string;
  readonly url: string;
  readonly oauth: McpOauthConfig;
  readonly store: Pick<SecretStore, 'get' | 'set' | 'delete'>;
  /** Absent: nobody is there who could log in. */
  readonly signIn?: SignIn;
}

/** A login that waits for its browser. */
export interface PendingSignIn {
  readonly url: URL;
  readonly state: string;
}

/**
 * What the SDK's OAuth asks for, with tokens and registrations kept among the user's secrets. Without a
 * person who could log in, everything that would need one fails with `unauthenticated`.
 */
export class OauthProvider implements OAuthClientProvider {
  readonly clientMetadataUrl?: string;
  readonly #options: OauthProviderOptions;
  readonly #secretName: string;
  #kept: Kept | undefined;
  #verifier: string | undefined;
  #state = '';
  #discovery: OAuthDiscoveryState | undefined;
  #pending: PendingSignIn | undefined;

  constructor(options: OauthProviderOptions) {
    const { clientMetadataUrl } = options.oauth;
    if (clientMetadataUrl !== undefined) this.clientMetadataUrl = clientMetadataUrl;
    this.#options = options;
    this.#secretName = oauthSecretName(options.url, options.oauth);
  }

  get redirectUrl(): string | undefined {
    // A machine that logs in as itself has no browser that could come back.
    if (this.#isMachine) return undefined;
    // Without a person it is never gone to, and only says that this is no machine of its own.
    return this.#options.signIn?.redirectUrl ?? 'http://127.0.0.1/callback';
  }

  get clientMetadata(): OAuthClientMetadata {
    const { redirectUrl } = this;
    return redirectUrl === undefined
      ? { client_name: 'zeke', redirect_uris: [], grant_types: ['client_credentials'] }
      : {
          client_name: 'zeke',
          redirect_uris: [redirectUrl],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        };
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }

  async clientInformation(
    context?: OAuthClientInformationContext,
  ): Promise<StoredOAuthClientInformation | undefined> {
    const { oauth, signIn } = this.#options;
    if (oauth.clientId !== undefined) return this.#configured(oauth.clientId, context?.issuer);
    const { client } = await this.#read();
    if (signIn === undefined) {
      if (client === undefined) throw this.#needsLogin();
      return client;
    }
    // A registration for another address would have the browser sent away.
    const { redirectUrl = '' } = this;
    const uris = client?.redirect_uris ?? [redirectUrl];
    return uris.includes(redirectUrl) ? client : undefined;
  }

  /** What was registered by hand is for the first authorization server that was asked: a secret is sent to no other. */
  async #configured(clientId: string, asked: string | undefined) {
    const kept = await this.#read();
    const issuer = kept.issuer ?? asked;
    if (kept.issuer === undefined && issuer !== undefined) await this.#write({ ...kept, issuer });
    const secret = this.#options.oauth.clientSecret?.reveal();
    return {
      client_id: clientId,
      ...(secret === undefined ? {} : { client_secret: secret }),
      ...(issuer === undefined ? {} : { issuer }),
    };
  }

  async saveClientInformation(client: StoredOAuthClientInformation): Promise<void> {
    await this.#write({ ...(await this.#read()), client });
  }

  /** Registers anew where the registration is for less: some authorization servers hold clients to that. */
  async forgetClientFor(scope: string): Promise<void> {
    const { client, ...rest } = await this.#read();
    const registered = client?.scope?.split(' ') ?? [];
    const isNarrow = scope.split(' ').some((each) => !registered.includes(each));
    if (registered.length > 0 && isNarrow) await this.#write(rest);
  }

  /** With a context, of the flow itself, they are read anew: another process may have renewed them. */
  async tokens(context?: unknown): Promise<StoredOAuthTokens | undefined> {
    if (context !== undefined) this.#kept = undefined;
    return (await this.#read()).tokens;
  }

  async saveTokens(tokens: StoredOAuthTokens): Promise<void> {
    await this.#write({ ...(await this.#read()), tokens });
  }

  redirectToAuthorization(url: URL): void {
    if (this.#options.signIn === undefined) throw this.#needsLogin();
    this.#pending = { url, state: this.#state };
  }

  /** The login that was begun last; the next asks for a new one. */
  takePending(): PendingSignIn | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    if (this.#verifier === undefined) throw new RpcError('internal', 'no login has begun');
    return this.#verifier;
  }

  /** Of a machine; undefined for people, of whom the SDK knows what to send. */
  prepareTokenRequest(scope?: string): URLSearchParams | undefined {
    if (!this.#isMachine) return undefined;
    const request = { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) };
    return new URLSearchParams(request);
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  /** Tokens that another process has renewed since they were read are not those that are no good. */
  async invalidateCredentials(
    what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery',
  ): Promise<void> {
    if (what === 'all' || what === 'verifier') this.#verifier = undefined;
    if (what === 'all' || what === 'discovery') this.#discovery = undefined;
    if (what === 'verifier' || what === 'discovery') return;
    const refused = this.#kept?.tokens?.access_token;
    this.#kept = undefined;
    const { client, tokens, ...rest } = await this.#read();
    const keepsTokens = what === 'client' || tokens?.access_token !== refused;
    await this.#write({
      ...rest,
      ...(what === 'tokens' && client !== undefined ? { client } : {}),
      ...(keepsTokens && tokens !== undefined ? { tokens } : {}),
    });
  }

  async #read(): Promise<Kept> {
    if (this.#kept !== undefined) return this.#kept;
    const text = (await this.#options.store.get(this.#secretName))?.reveal();
    const parsed = keptSchema.safeParse(text === undefined ? {} : parsedOrNothing(text));
    this.#kept = parsed.success ? parsed.data : {};
    return this.#kept;
  }

  async #write(kept: Kept): Promise<void> {
    await this.#options.store.set(this.#secretName, new Secret(JSON.stringify(kept)));
    this.#kept = kept;
  }

  get #isMachine(): boolean {
    return this.#options.oauth.grant === 'client_credentials';
  }

  #needsLogin(): RpcError {
    const { server } = this.#options;
    const message = `MCP server ${server} asks for a login: run zeke mcp login ${server}`;
    return new RpcError('unauthenticated', message);
  }
}

/** Under which name tokens are kept: by address and by who we are there, whatever a server is called. */
export function oauthSecretName(
  url: string,
  { clientId = '', clientMetadataUrl = '' }: McpOauthConfig,
): string {
  const parts = [url, clientId, clientMetadataUrl].join('\0');
  return `mcp/${new Bun.CryptoHasher('sha256').update(parts).digest('hex').slice(0, 32)}`;
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
