import type { ProviderConfig } from '@zeke/foundation';
import { createAnthropicProvider } from './anthropic.ts';
import { createAzureProvider } from './azure.ts';
import { createBedrockProvider } from './bedrock.ts';
import { createCompatibleProvider } from './compatible.ts';
import { createGeminiProvider } from './gemini.ts';
import { createOllamaProvider } from './ollama.ts';
import { createOpenAiProvider } from './openai.ts';
import { pooledProvider } from './pooled-provider.ts';
import type { Provider, ProviderDependencies } from './provider.ts';
import { createVertexProvider } from './vertex.ts';
import { createXaiProvider } from './xai.ts';

/** Makes the provider that an entry of the configuration describes, with all its keys. */
export function createProvider(
  config: ProviderConfig,
  dependencies: ProviderDependencies,
): Provider {
  const { apiKeys, ...single } = config;
  if (apiKeys === undefined) return traced(config, askable(config, dependencies));
  return pooledProvider(apiKeys, ({ key }) =>
    traced(config, askable({ ...single, apiKey: key }, dependencies)),
  );
}

/** A list in the configuration says nothing of whether the provider is there. */
function askable(config: ProviderConfig, dependencies: ProviderDependencies): Provider {
  const provider = ofType(config, dependencies);
  const unlisted = withoutList(config);
  if (unlisted === undefined) return provider;
  let asking: Provider | undefined;
  return {
    ...provider,
    askModels: (signal) => {
      asking ??= ofType(unlisted, dependencies);
      return asking.listModels(signal);
    },
  };
}

/** Undefined where there is none. */
function withoutList(config: ProviderConfig): ProviderConfig | undefined {
  const { models, ...unlisted } = config;
  if (unlisted.type !== 'azure') return models === undefined ? undefined : unlisted;
  const isListed = models !== undefined || Object.keys(unlisted.deployments).length > 0;
  return isListed ? { ...unlisted, deployments: {} } : undefined;
}

/** Strangers are told of no trace, unless the configuration says so. */
function traced({ sendTraceContext }: ProviderConfig, provider: Provider): Provider {
  return { ...provider, sendsTraceContext: sendTraceContext ?? provider.local };
}

/** A new kind is one line here. */
function ofType(config: ProviderConfig, dependencies: ProviderDependencies): Provider {
  switch (config.type) {
    case 'openai':
      return createOpenAiProvider(config, dependencies);
    case 'anthropic':
      return createAnthropicProvider({ ...config, type: 'anthropic' }, dependencies);
    case 'azure':
      return createAzureProvider(config, dependencies);
    case 'bedrock':
      return createBedrockProvider(config, dependencies);
    case 'vertex':
      return createVertexProvider(config, dependencies);
    case 'gemini':
      return createGeminiProvider({ ...config, type: 'gemini' }, dependencies);
    case 'xai':
      return createXaiProvider({ ...config, type: 'xai' }, dependencies);
    case 'ollama':
      return createOllamaProvider(config, dependencies);
    case 'compatible':
      return createCompatibleProvider(config, dependencies);
  }
}
