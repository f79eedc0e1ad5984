import type { DialectName } from '../neutral/dialect-name.ts';
import type { Provider } from '../providers/provider.ts';

/**
 * Names of the OpenTelemetry semantic conventions for generative AI, of which 1.41 was the last
 * version of the main repository (status: development):
 * https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai
 */
const wellKnownTypes: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  vertex: 'gcp.vertex_ai',
  gemini: 'gcp.gemini',
  xai: 'x_ai',
};

/** Of vendors that speak OpenAI's API, by the host of theirs. */
const wellKnownHosts: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.groq.com': 'groq',
  'api.mistral.ai': 'mistral_ai',
  'api.deepseek.com': 'deepseek',
  'api.perplexity.ai': 'perplexity',
  'api.x.ai': 'x_ai',
  'api.cohere.ai': 'cohere',
  'api.cohere.com': 'cohere',
  'api.moonshot.ai': 'moonshot_ai',
};

/** `gen_ai.provider.name`: a well-known one, else the type of the configuration. */
export function genAiProvider({ pricing, type }: Pick<Provider, 'pricing' | 'type'>): string {
  const known = wellKnownTypes[type];
  if (known !== undefined) return known;
  const host = pricing?.kind === 'address' ? URL.parse(pricing.url)?.hostname : undefined;
  return (host !== undefined && wellKnownHosts[host]) || type;
}

/** `gen_ai.operation.name` of an attempt, by its operation on the ledger. */
export function genAiOperation(operation: string, dialect: DialectName | 'raw' | 'none'): string {
  switch (operation) {
    case 'chat':
    case 'judge':
      return dialect === 'gemini' ? 'generate_content' : 'chat';
    case 'completions':
    case 'fim':
      return 'text_completion';
    case 'embeddings':
      return 'embeddings';
    case 'count-tokens':
      return 'count_tokens';
    default:
      return 'raw';
  }
}
