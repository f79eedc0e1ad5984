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
  if (apiKeys === undefined) return traced(config, ofType(config, dependencies));
  return pooledProvider(apiKeys, ({ key }) =>
    traced(config, ofType({ ...single, apiKey: key }, dependencies)),
  );
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
