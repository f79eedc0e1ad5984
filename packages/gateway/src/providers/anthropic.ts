import type { ApiKeyProviderConfig } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import { getJson } from './get-json.ts';
import { configuredHeaders, jsonHeaders } from './header-map.ts';
import { configuredModels } from './openai-paths.ts';
import type { ModelAbility, Provider, ProviderDependencies, ProviderModel } from './provider.ts';

const apiVersion = '2023-06-01';
const listLimit = 1_000;

/** Anthropic: `x-api-key` and a version header. Source: https://docs.anthropic.com/en/api */
export function createAnthropicProvider(
  config: ApiKeyProviderConfig,
  { fetch }: ProviderDependencies,
): Provider {
  const baseUrl = config.baseUrl ?? 'https://api.anthropic.com';
  const identity: Record<string, string> = {
    'anthropic-version': apiVersion,
    ...(config.apiKey ? { 'x-api-key': config.apiKey.reveal() } : {}),
    ...configuredHeaders(config),
  };
  const headers = { ...jsonHeaders, ...identity };
  return {
    name: config.name,
    type: config.type,
    dialects: ['anthropic-messages'],
    quirks: {},
    local: false,
    pricing: { kind: 'vendor', ids: ['anthropic'] },
    streamUsageOnRequest: false,
    supports: (kind, dialect) => kind === 'count-tokens' && dialect === 'anthropic-messages',
    prepare: (operation, body) => {
      if (operation.kind !== 'chat' && operation.kind !== 'count-tokens') {
        throw apiError('unimplemented', `Anthropic's API has no ${operation.kind}`);
      }
      const path = operation.kind === 'chat' ? '/v1/messages' : '/v1/messages/count_tokens';
      return {
        url: baseUrl + path,
        method: 'POST',
        headers: operation.forwardHeaders ? { ...headers, ...operation.forwardHeaders } : headers,
        body,
      };
    },
    prepareRaw: ({ method, path, headers: given, body }) => ({
      url: baseUrl + path,
      method,
      headers: { ...given, ...identity },
      body,
    }),
    listModels: async (signal) => {
      if (config.models) return configuredModels(config.models);
      const url = `${baseUrl}/v1/models?limit=${listLimit}`;
      const outbound = { url, method: 'GET', headers, body: undefined };
      return anthropicModels(await getJson(fetch, config.name, outbound, signal));
    },
  };
}

function anthropicModels(body: unknown): ProviderModel[] {
  const data = (body as { data?: unknown } | null)?.data;
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: Record<string, unknown> | null): ProviderModel[] => {
    if (typeof entry?.id !== 'string') return [];
    const createdAtMs = Date.parse(String(entry.created_at));
    const { max_input_tokens: contextTokens, max_tokens: maxOutputTokens } = entry;
    return [
      {
        id: entry.id,
        kinds: ['chat'],
        ownedBy: 'anthropic',
        ...(typeof entry.display_name === 'string' ? { displayName: entry.display_name } : {}),
        ...(Number.isNaN(createdAtMs) ? {} : { createdAtMs }),
        ...(typeof contextTokens === 'number' ? { contextTokens } : {}),
        ...(typeof maxOutputTokens === 'number' ? { maxOutputTokens } : {}),
        abilities: abilitiesOf(entry.capabilities),
      },
    ];
  });
}

/** Every model calls tools. Source: https://platform.claude.com/docs/en/api/models/list */
function abilitiesOf(capabilities: unknown): ModelAbility[] {
  const told = (capabilities ?? {}) as Record<string, { supported?: unknown } | null | undefined>;
  return [
    'tools',
    ...(told.image_input?.supported === true ? (['vision'] as const) : []),
    ...(told.thinking?.supported === true ? (['thinking'] as const) : []),
  ];
}
