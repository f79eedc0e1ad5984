import { apiError } from '../neutral/api-error.ts';
import type { ModelAbility, Operation, ProviderModel } from './provider.ts';

/** Where an operation lives: `prefix` ends before the model's name. */
export function geminiUrl(prefix: string, { kind, model, stream }: Operation): string {
  const url = prefix + encodeURIComponent(model.replace(/^models\//, ''));
  switch (kind) {
    case 'chat':
      return stream ? `${url}:streamGenerateContent?alt=sse` : `${url}:generateContent`;
    case 'count-tokens':
      return `${url}:countTokens`;
    case 'embeddings':
      return `${url}:batchEmbedContents`;
    default:
      throw apiError('unimplemented', `Gemini's API has no ${kind}`);
  }
}

/** Reads `GET /v1beta/models`. */
export function geminiModels(body: unknown): ProviderModel[] {
  const models = (body as { models?: unknown } | null)?.models;
  if (!Array.isArray(models)) return [];
  return models.flatMap((entry: Record<string, unknown> | null): ProviderModel[] => {
    if (typeof entry?.name !== 'string') return [];
    return [
      {
        id: entry.name.replace(/^models\//, ''),
        kinds: kindsOf(entry.supportedGenerationMethods),
        ownedBy: 'google',
        ...(typeof entry.displayName === 'string' ? { displayName: entry.displayName } : {}),
        ...(typeof entry.inputTokenLimit === 'number'
          ? { contextTokens: entry.inputTokenLimit }
          : {}),
        ...(typeof entry.outputTokenLimit === 'number'
          ? { maxOutputTokens: entry.outputTokenLimit }
          : {}),
        abilities: abilitiesOf(entry.name, entry.thinking),
      },
    ];
  });
}

function kindsOf(methods: unknown): NonNullable<ProviderModel['kinds']> {
  const names = Array.isArray(methods) ? methods : [];
  return [
    ...(names.includes('generateContent') ? (['chat'] as const) : []),
    ...(names.includes('embedContent') ? (['embeddings'] as const) : []),
  ];
}

/**
 * The list says only which models think. Those named Gemini that answer in text call functions, read
 * images and follow schemas. Source: https://ai.google.dev/gemini-api/docs/models
 */
function abilitiesOf(name: string, thinks: unknown): ModelAbility[] {
  const isGemini = /\bgemini-(?!.*(?:image|tts|audio|live|embedding))/.test(name);
  return [
    ...(isGemini ? (['tools', 'vision'] as const) : []),
    ...(thinks === true ? (['thinking'] as const) : []),
    ...(isGemini ? (['structured'] as const) : []),
  ];
}
