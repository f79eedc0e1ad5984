import type { VertexProviderConfig } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import { geminiUrl } from './gemini-paths.ts';
import { type GoogleAccess, googleCredentials } from './google-credentials.ts';
import { configuredHeaders, jsonHeaders } from './header-map.ts';
import { configuredModels } from './openai-paths.ts';
import type {
  Operation,
  OutboundRequest,
  Provider,
  ProviderDependencies,
  Refused,
} from './provider.ts';
import { credentialsError } from './token-source.ts';
import { claudeBody, claudeUrl, isClaude } from './vertex-claude.ts';
import { predictsOnly, vertexModels } from './vertex-models.ts';
import { withCredentials } from './with-credentials.ts';

const geminiDialects = ['gemini'] as const;
const claudeDialects = ['anthropic-messages'] as const;
/** Locations that stand for several regions, with an address of their own form. */
const multiRegions: readonly string[] = ['us', 'eu'];

/** How a request gets in: with which headers, and to what before `/publishers`. */
interface Access {
  headers: Record<string, string>;
  parent: string;
}

/**
 * Google Vertex AI: Gemini models, Claude models and embeddings, with access tokens of Google
 * Cloud, or with an API key (express mode, for Gemini models). Sources:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest,
 * https://docs.claude.com/en/api/claude-on-vertex-ai
 */
export function createVertexProvider(
  config: VertexProviderConfig,
  dependencies: ProviderDependencies,
): Provider {
  const location = config.location || dependencies.environment('GOOGLE_CLOUD_LOCATION') || 'global';
  const baseUrl = config.baseUrl ?? `https://${hostOf(location, config)}`;
  const send = senderOf(config, location, dependencies);
  return {
    name: config.name,
    type: config.type,
    dialects: ['gemini', 'anthropic-messages'],
    dialectsOf: (model) => (isClaude(model) ? claudeDialects : geminiDialects),
    quirks: { vertex: true },
    local: false,
    pricing: { kind: 'vendor', ids: ['google', 'anthropic'] },
    streamUsageOnRequest: false,
    supports: (kind, dialect) =>
      kind === 'count-tokens'
        ? dialect === 'gemini' || dialect === 'anthropic-messages'
        : kind === 'embeddings' && dialect === 'gemini',
    prepare: (operation, body, signal) =>
      send(signal, ({ headers, parent }) => ({
        url: urlOf(baseUrl + parent, operation),
        method: 'POST',
        headers: operation.forwardHeaders ? { ...headers, ...operation.forwardHeaders } : headers,
        body: isClaude(operation.model) ? claudeBody(textOf(body), operation) : body,
      })),
    prepareRaw: ({ method, path, headers: given, body }, signal) =>
      send(signal, ({ headers }) => ({
        url: baseUrl + path,
        method,
        headers: { ...headers, ...given },
        body,
      })),
    listModels: async (signal) => {
      if (config.models) return configuredModels(config.models);
      const get = (path: string) =>
        send(signal, ({ headers }) => ({
          url: baseUrl + path,
          method: 'GET',
          headers,
          body: undefined,
        }));
      return vertexModels(dependencies.fetch, config.name, get, signal);
    },
  };
}

function hostOf(location: string, { apiKey, project }: VertexProviderConfig): string {
  if (location === 'global' || (apiKey && !project)) return 'aiplatform.googleapis.com';
  if (multiRegions.includes(location)) return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

type Sender = (
  signal: AbortSignal,
  build: (access: Access) => OutboundRequest,
) => OutboundRequest | Promise<OutboundRequest>;

/** Puts requests together, with an API key or with access tokens. */
function senderOf(
  config: VertexProviderConfig,
  location: string,
  dependencies: ProviderDependencies,
): Sender {
  const { environment } = dependencies;
  const { apiKey, credentialsFile, name } = config;
  const configured = configuredHeaders(config);
  const parentOf = (project: string) => `/v1/projects/${project}/locations/${location}`;
  if (apiKey) {
    const access: Access = {
      headers: { ...jsonHeaders, 'x-goog-api-key': apiKey.reveal(), ...configured },
      parent: config.project ? parentOf(config.project) : '/v1',
    };
    return (_signal, build) => build(access);
  }
  const source = googleCredentials({
    provider: name,
    dependencies,
    ...(credentialsFile ? { file: credentialsFile } : {}),
  });
  const named =
    config.project || environment('GOOGLE_CLOUD_PROJECT') || environment('GCLOUD_PROJECT');
  const accessOf = ({ accessToken, project, quotaProject }: GoogleAccess): Access => {
    const owner = named || project;
    if (!owner) throw credentialsError(name, 'no project: neither set nor in the credentials');
    return {
      headers: {
        ...jsonHeaders,
        authorization: `Bearer ${accessToken}`,
        ...(quotaProject ? { 'x-goog-user-project': quotaProject } : {}),
        ...configured,
      },
      parent: parentOf(owner),
    };
  };
  const isStale = ({ status }: Refused) => status === 401;
  return (signal, build) =>
    withCredentials({ source, isStale }, signal, (google) => build(accessOf(google)));
}

function urlOf(parent: string, operation: Operation): string {
  const { kind, model } = operation;
  if (kind !== 'chat' && kind !== 'count-tokens' && kind !== 'embeddings') {
    throw apiError('unimplemented', `Vertex AI has no ${kind}`);
  }
  if (isClaude(model)) return claudeUrl(`${parent}/publishers/anthropic/models/`, operation);
  const prefix = `${parent}/publishers/google/models/`;
  if (kind !== 'embeddings') return geminiUrl(prefix, operation);
  const method = predictsOnly(model) ? 'predict' : 'embedContent';
  return `${prefix}${encodeURIComponent(model)}:${method}`;
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
