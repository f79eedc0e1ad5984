import type { AzureProviderConfig } from '@zeke/foundation';
import { entraTokens } from './entra-token.ts';
import { getJson } from './get-json.ts';
import { configuredHeaders, jsonHeaders } from './header-map.ts';
import {
  belowVersion,
  configuredModels,
  openAiModels,
  openAiPath,
  openAiSupports,
} from './openai-paths.ts';
import type {
  OutboundRequest,
  Provider,
  ProviderDependencies,
  ProviderModel,
  Refused,
} from './provider.ts';
import { withCredentials } from './with-credentials.ts';

/** Endpoints that a dated API has below a deployment; all others stand beside the deployments. */
const ofDeployment = /^\/(chat\/completions|completions|embeddings|images|audio)(\/|\?|$)/;

/**
 * Azure OpenAI. With `api_version` the dated API, which has an address for every deployment;
 * without, the v1 API, which finds the deployment by the model's name in the body. Source:
 * https://learn.microsoft.com/azure/ai-foundry/openai/reference
 */
export function createAzureProvider(
  config: AzureProviderConfig,
  dependencies: ProviderDependencies,
): Provider {
  const { deployments } = config;
  const deploymentOf = (model: string) =>
    Object.hasOwn(deployments, model) ? (deployments[model] ?? model) : model;
  const urlOf = addressOf(config);
  const send = senderOf(config, dependencies);
  return {
    name: config.name,
    type: config.type,
    dialects: config.apiVersion ? ['openai-chat'] : ['openai-chat', 'openai-responses'],
    quirks: {},
    local: false,
    pricing: { kind: 'vendor', ids: ['azure', 'openai'] },
    streamUsageOnRequest: true,
    wireModel: deploymentOf,
    supports: openAiSupports,
    prepare: (operation, body, signal) =>
      send(signal, {
        url: urlOf(openAiPath(operation), deploymentOf(operation.model)),
        method: 'POST',
        headers: operation.forwardHeaders
          ? { ...jsonHeaders, ...operation.forwardHeaders }
          : jsonHeaders,
        body,
      }),
    prepareRaw: ({ method, path, headers, body, model }, signal) =>
      send(signal, {
        url: urlOf(belowVersion(path), model === undefined ? undefined : deploymentOf(model)),
        method,
        headers,
        body,
      }),
    listModels: async (signal) => {
      const named = [...Object.keys(deployments), ...(config.models ?? [])];
      if (named.length > 0) return configuredModels([...new Set(named)]);
      const url = urlOf('/models');
      const outbound = await send(signal, { url, method: 'GET', headers: {}, body: undefined });
      return azureModels(await getJson(dependencies.fetch, config.name, outbound, signal));
    },
  };
}

/** Where a path of OpenAI's API is on this resource. */
function addressOf({ apiVersion, endpoint }: AzureProviderConfig) {
  return (path: string, deployment?: string): string => {
    if (!apiVersion) return `${endpoint}/openai/v1${path}`;
    const below =
      deployment !== undefined && ofDeployment.test(path)
        ? `/deployments/${encodeURIComponent(deployment)}`
        : '';
    const separator = path.includes('?') ? '&' : '?';
    return `${endpoint}/openai${below}${path}${separator}api-version=${apiVersion}`;
  };
}

type Sender = (
  signal: AbortSignal,
  request: OutboundRequest,
) => OutboundRequest | Promise<OutboundRequest>;

/** Adds the credentials: a key, or an access token of Entra. */
function senderOf(config: AzureProviderConfig, dependencies: ProviderDependencies): Sender {
  const { apiKey, tenantId, clientId, clientSecret } = config;
  const configured = configuredHeaders(config);
  if (apiKey || !tenantId || !clientId || !clientSecret) {
    const identity = { ...(apiKey ? { 'api-key': apiKey.reveal() } : {}), ...configured };
    return (_signal, request) => ({ ...request, headers: { ...request.headers, ...identity } });
  }
  const application = { tenantId, clientId, clientSecret };
  const source = entraTokens({
    provider: config.name,
    endpoint: config.endpoint,
    application,
    dependencies,
  });
  const isStale = ({ status }: Refused) => status === 401;
  return (signal, request) =>
    withCredentials({ source, isStale }, signal, (token) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${token}`, ...configured },
    }));
}

/** Azure's list says what each model is for, where OpenAI's does not. */
function azureModels(body: unknown): ProviderModel[] {
  const models = openAiModels(body);
  const { data } = body as { data?: ({ id?: unknown; capabilities?: unknown } | null)[] };
  return models.map((model) => {
    const entry = data?.find((each) => each?.id === model.id);
    const kinds = kindsOf(entry?.capabilities);
    return kinds ? { ...model, kinds } : model;
  });
}

function kindsOf(capabilities: unknown): ProviderModel['kinds'] {
  if (typeof capabilities !== 'object' || capabilities === null) return undefined;
  const { chat_completion: chat, embeddings } = capabilities as Record<string, unknown>;
  return [...(chat ? (['chat'] as const) : []), ...(embeddings ? (['embeddings'] as const) : [])];
}
