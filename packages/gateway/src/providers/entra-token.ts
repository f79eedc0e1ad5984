import type { Secret } from '@zeke/foundation';
import { z } from 'zod';
import { lazily } from '../dialects/lazily.ts';
import type { ProviderDependencies } from './provider.ts';
import { authorityError, credentialsError, type Token, TokenSource } from './token-source.ts';

const publicAuthority = 'https://login.microsoftonline.com';

export interface EntraOptions {
  /** The configuration's entry, for errors. */
  provider: string;
  /** The resource's address: which cloud it is in follows from it. */
  endpoint: string;
  application: { tenantId: string; clientId: string; clientSecret: Secret };
  dependencies: ProviderDependencies;
}

/**
 * Access tokens of Microsoft Entra for an application with a secret. `AZURE_AUTHORITY_HOST` names
 * another authority, as for Azure's own SDKs. Source:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function entraTokens(options: EntraOptions): TokenSource<string> {
  const { now } = options.dependencies;
  return new TokenSource({ now, fetchToken: (signal) => askEntra(options, signal) });
}

const tokenAnswer = lazily(() =>
  z.looseObject({ access_token: z.string(), expires_in: z.coerce.number() }),
);

async function askEntra(options: EntraOptions, signal: AbortSignal): Promise<Token<string>> {
  const { provider, application, dependencies, endpoint } = options;
  const { environment, fetch, now } = dependencies;
  const authority = (environment('AZURE_AUTHORITY_HOST') || publicAuthority).replace(/\/+$/, '');
  const askedAtMs = now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(
      `${authority}/${encodeURIComponent(application.tenantId)}/oauth2/v2.0/token`,
      {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: application.clientId,
          client_secret: application.clientSecret.reveal(),
          scope: scopeOf(endpoint),
        }),
        signal,
        redirect: 'manual',
      },
    );
    text = await response.text();
  } catch (cause) {
    throw authorityError(provider, 'Microsoft Entra', cause);
  }
  const answer = jsonOf(text);
  if (response.status >= 500) {
    throw authorityError(provider, 'Microsoft Entra', new Error(`HTTP ${response.status}`));
  }
  const parsed = tokenAnswer().safeParse(answer);
  if (!response.ok || !parsed.success) throw refusalOf(provider, response.status, answer);
  const { access_token: value, expires_in: seconds } = parsed.data;
  return { value, expiresAtMs: askedAtMs + seconds * 1_000 };
}

/** National clouds have names of their own for the same service. */
function scopeOf(endpoint: string): string {
  const host = URL.parse(endpoint)?.hostname ?? '';
  const country = ['us', 'cn'].find((name) => host.endsWith(`.azure.${name}`)) ?? 'com';
  return `https://cognitiveservices.azure.${country}/.default`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What to look at, by Entra's own codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const advice: Readonly<Record<number, string>> = {
  90002: 'the tenant is not known: check tenant_id',
  700016: 'the application is not known in this tenant: check client_id',
  7000215: 'the client secret is wrong: check client_secret',
  7000222: 'the client secret has expired: make a new one',
};

/** Entra's longer text is left out: it names the application and holds trace ids. */
function refusalOf(provider: string, status: number, answer: unknown) {
  const { error, error_codes: codes } = (answer ?? {}) as {
    error?: unknown;
    error_codes?: unknown;
  };
  const code: unknown = Array.isArray(codes) ? codes[0] : undefined;
  const named = typeof code === 'number' ? `AADSTS${code}` : String(error ?? 'no reason given');
  const hint = typeof code === 'number' ? advice[code] : undefined;
  return credentialsError(
    provider,
    `Microsoft Entra refused the application (HTTP ${status}, ${named.slice(0, 60)})${hint ? `: ${hint}` : ''}`,
  );
}
