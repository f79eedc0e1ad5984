import { apiError } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { ModelAbility, Operation, OperationKind, ProviderModel } from './provider.ts';

/** Where an operation lives below `/v1` in OpenAI's API. */
export function openAiPath({ kind, dialect }: Operation): string {
  switch (kind) {
    case 'chat':
      return dialect === 'openai-responses' ? '/responses' : '/chat/completions';
    case 'completions':
      return '/completions';
    case 'embeddings':
      return '/embeddings';
    default:
      throw apiError('unimplemented', `OpenAI's API has no ${kind}`);
  }
}

export function openAiSupports(kind: OperationKind, dialect: DialectName): boolean {
  return dialect === 'openai-chat' && (kind === 'completions' || kind === 'embeddings');
}

/** The path of a raw request below the API's root: `/v1/images/…` → `/images/…`. */
export function belowVersion(path: string): string {
  return path.startsWith('/v1/') ? path.slice(3) : path;
}

/** Reads `GET /models` as OpenAI and what is like it answer. */
export function openAiModels(body: unknown): ProviderModel[] {
  const data = (body as { data?: unknown } | null)?.data;
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: Record<string, unknown> | null): ProviderModel[] => {
    if (typeof entry?.id !== 'string') return [];
    const contextTokens = entry.context_length ?? entry.max_model_len;
    return [
      {
        id: entry.id,
        kinds: kindsOfName(entry.id),
        ...(typeof entry.created === 'number' ? { createdAtMs: entry.created * 1_000 } : {}),
        ...(typeof entry.owned_by === 'string' ? { ownedBy: entry.owned_by } : {}),
        ...(typeof contextTokens === 'number' ? { contextTokens } : {}),
        abilities: abilitiesOf(entry.id, entry),
      },
    ];
  });
}

/**
 * What Mistral (`capabilities`) and OpenRouter (`supported_parameters`, `architecture`) say of a
 * model; OpenAI's list says nothing, but the names of its models are known. Mistral says nothing of
 * schemas, which all that call tools follow. Sources: https://docs.mistral.ai/api/endpoint/models,
 * https://docs.mistral.ai/capabilities/structured_output, https://openrouter.ai/docs/api-reference/list-available-models,
 * https://platform.openai.com/docs/models
 */
function abilitiesOf(id: string, entry: Record<string, unknown>): ModelAbility[] {
  const { function_calling, vision, reasoning } = recordOf(entry.capabilities);
  const { input_modalities: inputs } = recordOf(entry.architecture);
  const takes = (name: string) => includes(entry.supported_parameters, name);
  return [
    ...(function_calling === true || takes('tools') || callsTools.test(id)
      ? (['tools'] as const)
      : []),
    ...(vision === true || includes(inputs, 'image') || seesImages.test(id)
      ? (['vision'] as const)
      : []),
    ...(reasoning === true || takes('reasoning') || thinks.test(id) ? (['thinking'] as const) : []),
    ...(function_calling === true || takes('structured_outputs') || followsSchemas.test(id)
      ? (['structured'] as const)
      : []),
  ];
}

const textModel = '(?!.*(?:instruct|audio|realtime|transcribe|tts|image|search|embed))';
const callsTools = new RegExp(
  `^(?:gpt-(?:3\\.5-turbo|[4-9])|o[1-9](?!-mini|-preview)|o[3-9]-mini)${textModel}`,
);
const seesImages = new RegExp(
  `^(?:gpt-(?:4o|4\\.1|4-turbo|[5-9])|o[1-9](?!-mini|-preview)|o4-mini)${textModel}`,
);
const followsSchemas = new RegExp(
  `^(?:gpt-(?:4o(?!-2024-05-13)|4\\.1|[5-9])|o[1-9](?!-mini|-preview)|o[3-9]-mini)${textModel}`,
);
const thinks = new RegExp(`^(?:gpt-[5-9](?!.*-chat)|o[1-9])${textModel}`);

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function includes(list: unknown, entry: string): boolean {
  return Array.isArray(list) && list.includes(entry);
}

/** The list says nothing of what a model is for; its name does. */
function kindsOfName(id: string): NonNullable<ProviderModel['kinds']> {
  if (/embed|bge-|minilm/i.test(id)) return ['embeddings'];
  if (/image|dall-e|sora|flux/i.test(id)) return ['image'];
  if (/whisper|tts|transcribe|audio|realtime/i.test(id)) return ['audio'];
  if (/moderation|rerank|davinci|babbage|instruct$/i.test(id)) return [];
  return ['chat'];
}

/** Models named in the configuration, in place of the provider's list. */
export function configuredModels(names: readonly string[]): ProviderModel[] {
  return names.map(modelByName);
}

/** What a model's name alone tells of it. */
export function modelByName(id: string): ProviderModel {
  const abilities = abilitiesOf(id, {});
  return { id, kinds: kindsOfName(id), ...(abilities.length > 0 ? { abilities } : {}) };
}
