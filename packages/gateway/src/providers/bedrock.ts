import type { BedrockProviderConfig } from '@zeke/foundation';
import { decodeModels } from '../dialects/bedrock-converse/models.ts';
import { apiError } from '../neutral/api-error.ts';
import { awsCredentials, awsRegion } from './aws-credentials.ts';
import { signAwsRequest } from './aws-signature.ts';
import { getJson } from './get-json.ts';
import { configuredHeaders, jsonHeaders } from './header-map.ts';
import { configuredModels } from './openai-paths.ts';
import type {
  Operation,
  OutboundRequest,
  Provider,
  ProviderDependencies,
  Refused,
} from './provider.ts';
import { withCredentials } from './with-credentials.ts';

/** The most pages of inference profiles that are read. */
const maxPages = 20;
const profilesAPage = 1_000;

/** Puts a request together: `host` is what stands before `.{region}.amazonaws.com`. */
type Sender = (
  signal: AbortSignal,
  host: 'bedrock' | 'bedrock-runtime',
  request: { method: string; path: string; headers: Record<string, string>; body?: Body },
) => OutboundRequest | Promise<OutboundRequest>;
type Body = string | Uint8Array;

/**
 * Amazon Bedrock: Converse and ConverseStream for chats, InvokeModel for embeddings; signed, or
 * with a Bedrock API key (`api_key`, `AWS_BEARER_TOKEN_BEDROCK`). Source:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/
 */
export function createBedrockProvider(
  config: BedrockProviderConfig,
  dependencies: ProviderDependencies,
): Provider {
  const send = senderOf(config, dependencies);
  return {
    name: config.name,
    type: config.type,
    dialects: ['bedrock-converse'],
    quirks: {},
    local: false,
    pricing: { kind: 'vendor', ids: ['aws'] },
    streamUsageOnRequest: false,
    supports: (kind, dialect) => kind === 'embeddings' && dialect === 'bedrock-converse',
    prepare: (operation, body, signal) =>
      send(signal, 'bedrock-runtime', {
        method: 'POST',
        path: pathOf(operation),
        headers: jsonHeaders,
        body,
      }),
    prepareRaw: ({ method, path, headers, body }, signal) =>
      send(signal, isRuntime(path) ? 'bedrock-runtime' : 'bedrock', {
        method,
        path,
        headers,
        ...(body ? { body } : {}),
      }),
    listModels: async (signal) => {
      if (config.models) return configuredModels(config.models);
      const get = async (path: string) => {
        const outbound = await send(signal, 'bedrock', { method: 'GET', path, headers: {} });
        return getJson(dependencies.fetch, config.name, outbound, signal);
      };
      const [models, profiles] = await Promise.all([get('/foundation-models'), readProfiles(get)]);
      return decodeModels(models, profiles);
    },
  };
}

function pathOf({ kind, model, stream }: Operation): string {
  const prefix = `/model/${encodeURIComponent(model)}`;
  switch (kind) {
    case 'chat':
      return stream ? `${prefix}/converse-stream` : `${prefix}/converse`;
    case 'embeddings':
      return `${prefix}/invoke`;
    default:
      throw apiError('unimplemented', `Amazon Bedrock has no ${kind}`);
  }
}

/** Calls of models and agents' guardrails have a host of their own; lists are on the other. */
function isRuntime(path: string): boolean {
  return /^\/(model|guardrail|async-invoke)\//.test(path);
}

async function readProfiles(get: (path: string) => Promise<unknown>): Promise<unknown[]> {
  const pages: unknown[] = [];
  let token = '';
  do {
    const query = `?maxResults=${profilesAPage}${token && `&nextToken=${encodeURIComponent(token)}`}`;
    const page = await get(`/inference-profiles${query}`);
    pages.push(page);
    const { nextToken } = (page ?? {}) as { nextToken?: unknown };
    token = typeof nextToken === 'string' ? nextToken : '';
  } while (token && pages.length < maxPages);
  return pages;
}

function senderOf(config: BedrockProviderConfig, dependencies: ProviderDependencies): Sender {
  const { environment, now } = dependencies;
  const configured = configuredHeaders(config);
  let region: Promise<string> | undefined;
  const findRegion = () => {
    region ??= awsRegion(config, dependencies).catch((reason: unknown) => {
      region = undefined;
      throw reason;
    });
    return region;
  };
  const rootOf = async (host: string) =>
    config.endpoint ??
    config.baseUrl ??
    `https://${host}.${await findRegion()}.${domainOf(await findRegion())}`;
  const hasOwnKeys = Boolean(config.accessKeyId && config.secretAccessKey) || config.profile;
  const apiKey =
    config.apiKey?.reveal() ??
    (hasOwnKeys ? undefined : environment('AWS_BEARER_TOKEN_BEDROCK')) ??
    '';
  if (apiKey) {
    const identity = { authorization: `Bearer ${apiKey}`, ...configured };
    return async (_signal, host, { path, headers, body, method }) => ({
      url: (await rootOf(host)) + path,
      method,
      headers: { ...headers, ...identity },
      body,
    });
  }
  const fetched = { source: awsCredentials(config, dependencies), isStale };
  return (signal, host, { path, headers, body, method }) =>
    withCredentials(fetched, signal, async (credentials) =>
      signAwsRequest(
        {
          url: (await rootOf(host)) + path,
          method,
          headers: { ...headers, ...configured },
          body,
        },
        { region: await findRegion(), service: 'bedrock', credentials, nowMs: now() },
      ),
    );
}

/** What AWS names when other keys may do; a 403 for lack of permission is none of these. */
const staleErrors = /ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature/;

function isStale({ headers }: Refused): boolean {
  return staleErrors.test(headers.get('x-amzn-errortype') ?? '');
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
