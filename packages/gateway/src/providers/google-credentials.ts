import type { AuthClient } from 'google-auth-library';
import { z } from 'zod';
import { lazily, type OutputOf } from '../dialects/lazily.ts';
import { askMetadataServer } from './google-metadata.ts';
import type { ProviderDependencies } from './provider.ts';
import { authorityError, credentialsError, type Token, TokenSource } from './token-source.ts';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/** A way into Google Cloud. */
export interface GoogleAccess {
  accessToken: string;
  /** The project that the credentials belong to, where they say. */
  project?: string;
  /** Who is billed for calls with a person's own credentials. */
  quotaProject?: string;
}

export interface GoogleCredentialsOptions {
  /** The configuration's entry, for errors. */
  provider: string;
  /** Absent: the application default credentials. */
  file?: string;
  dependencies: ProviderDependencies;
}

/**
 * Access tokens of Google Cloud: from `file`, else from the application default credentials in
 * Google's own order: `GOOGLE_APPLICATION_CREDENTIALS`, the file that
 * `gcloud auth application-default login` leaves, the metadata server. Files are read anew at every
 * token, so that a replaced key is taken. Source:
 * https://cloud.google.com/docs/authentication/application-default-credentials
 */
export function googleCredentials(options: GoogleCredentialsOptions): TokenSource<GoogleAccess> {
  const { dependencies, provider } = options;
  return new TokenSource({
    now: dependencies.now,
    fetchToken: async (signal) => {
      const found = await findFile(options);
      if (!found) return askMetadataServer(provider, dependencies, signal);
      return tokenOfFile(options, found, signal);
    },
  });
}

interface CredentialFile {
  path: string;
  text: string;
}

async function findFile(options: GoogleCredentialsOptions): Promise<CredentialFile | undefined> {
  const { environment, readFile } = options.dependencies;
  const named = options.file ?? environment('GOOGLE_APPLICATION_CREDENTIALS');
  if (named) {
    const text = await readFile(named);
    if (text !== undefined) return { path: named, text };
    throw credentialsError(options.provider, `the credentials file ${named} is not there`);
  }
  const home = environment('HOME');
  const folder = environment('CLOUDSDK_CONFIG') ?? (home && `${home}/.config/gcloud`);
  if (!folder) return undefined;
  const path = `${folder}/application_default_credentials.json`;
  const text = await readFile(path);
  return text === undefined ? undefined : { path, text };
}

const serviceAccount = lazily(() =>
  z.looseObject({
    type: z.literal('service_account'),
    client_email: z.string(),
    private_key: z.string(),
    private_key_id: z.string().optional(),
    project_id: z.string().optional(),
  }),
);

const authorizedUser = lazily(() =>
  z.looseObject({
    type: z.literal('authorized_user'),
    client_id: z.string(),
    client_secret: z.string(),
    refresh_token: z.string(),
    quota_project_id: z.string().optional(),
  }),
);

const externalAccount = lazily(() =>
  z.looseObject({
    type: z.literal('external_account'),
    audience: z.string(),
    subject_token_type: z.string(),
    quota_project_id: z.string().optional(),
  }),
);

const impersonated = lazily(() =>
  z.looseObject({
    type: z.literal('impersonated_service_account'),
    service_account_impersonation_url: z.string(),
    source_credentials: z.discriminatedUnion('type', [serviceAccount(), authorizedUser()]),
    delegates: z.array(z.string()).optional(),
    quota_project_id: z.string().optional(),
  }),
);

const credentialFile = lazily(() =>
  z.discriminatedUnion('type', [
    serviceAccount(),
    authorizedUser(),
    externalAccount(),
    impersonated(),
  ]),
);

type Credentials = OutputOf<typeof credentialFile>;

async function tokenOfFile(
  { provider, dependencies }: GoogleCredentialsOptions,
  { path, text }: CredentialFile,
  signal: AbortSignal,
): Promise<Token<GoogleAccess>> {
  const credentials = parseFile(provider, path, text);
  const network = networkOf(dependencies.fetch, signal);
  try {
    const client = await clientOf(credentials, network);
    const { token } = await client.getAccessToken();
    const { expiry_date: expiry } = client.credentials;
    if (!token) throw new Error('an answer without a token');
    // The library reckons by the system's clock.
    const expiresAtMs = expiry && expiry - Date.now() + dependencies.now();
    return { value: accessOf(credentials, token), ...(expiresAtMs ? { expiresAtMs } : {}) };
  } catch (cause) {
    throw failureOf(provider, path, cause);
  }
}

function accessOf(credentials: Credentials, accessToken: string): GoogleAccess {
  const { quota_project_id: quotaProject, project_id: project } = credentials;
  return {
    accessToken,
    ...(typeof project === 'string' ? { project } : {}),
    ...(typeof quotaProject === 'string' ? { quotaProject } : {}),
  };
}

function parseFile(provider: string, path: string, text: string): Credentials {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw credentialsError(provider, `${path} is not JSON`);
  }
  const parsed = credentialFile().safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'its content';
  throw credentialsError(
    provider,
    `${path} is no file of Google credentials (${where}: ${issue?.message})`,
  );
}

/** Lets the library's requests go through our `fetch` and end with our signal. */
function networkOf(fetchImpl: typeof fetch, signal: AbortSignal) {
  const send = (url: string | URL | Request, init: RequestInit = {}) =>
    fetchImpl(url, {
      ...init,
      signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal,
    });
  return { transporterOptions: { fetchImplementation: send as typeof fetch, retry: false } };
}

/** Imported here, at the first token: the library takes 50 ms and 20 MB. */
async function clientOf(
  credentials: Credentials,
  network: ReturnType<typeof networkOf>,
): Promise<AuthClient> {
  const { ExternalAccountClient, Impersonated, JWT, UserRefreshClient } = await import(
    'google-auth-library'
  );
  switch (credentials.type) {
    case 'service_account':
      return new JWT({
        email: credentials.client_email,
        key: credentials.private_key,
        ...(credentials.private_key_id ? { keyId: credentials.private_key_id } : {}),
        scopes: [scope],
        ...network,
      });
    case 'authorized_user':
      return new UserRefreshClient({
        clientId: credentials.client_id,
        clientSecret: credentials.client_secret,
        refreshToken: credentials.refresh_token,
        ...network,
      });
    case 'external_account': {
      const client = ExternalAccountClient.fromJSON({
        ...credentials,
        scopes: [scope],
        ...network,
      } as unknown as Parameters<typeof ExternalAccountClient.fromJSON>[0]);
      if (!client) throw new Error('a source of credentials that is not supported');
      return client;
    }
    case 'impersonated_service_account':
      return new Impersonated({
        sourceClient: await clientOf(credentials.source_credentials, network),
        targetPrincipal: principalOf(credentials.service_account_impersonation_url),
        targetScopes: [scope],
        ...(credentials.delegates ? { delegates: credentials.delegates } : {}),
        ...network,
      });
  }
}

/** `…/serviceAccounts/NAME@PROJECT.iam.gserviceaccount.com:generateAccessToken` */
function principalOf(url: string): string {
  const name = url.slice(url.lastIndexOf('/') + 1);
  return name.slice(0, name.indexOf(':'));
}

/** Google's answer is told by its short code: the longer text may name accounts. */
function failureOf(provider: string, path: string, cause: unknown) {
  const { response, message } = cause as {
    response?: { status?: number; data?: { error?: unknown } };
    message?: string;
  };
  if (response?.status === undefined) {
    // A key that is no key fails before anything is sent.
    return message?.includes('PEM') || message?.includes('DECODER') || message?.includes('key')
      ? credentialsError(provider, `${path} holds a private key that can't be read`, cause)
      : authorityError(provider, "Google's token endpoint", cause);
  }
  if (response.status >= 500) return authorityError(provider, "Google's token endpoint", cause);
  const { error } = response.data ?? {};
  const code = typeof error === 'string' ? `: ${error.slice(0, 60)}` : '';
  return credentialsError(
    provider,
    `Google refused the credentials of ${path} (HTTP ${response.status}${code})`,
    cause,
  );
}
