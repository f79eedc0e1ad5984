import { createHash } from 'node:crypto';
import type { ModelAbility, ProviderModel } from '../../providers/provider.ts';
import type { JsonObject } from '../dialect.ts';

/** The version of Ollama that answers are shaped after; clients refuse too old ones. */
const ollamaVersion = '0.32.6';

/** What is said of a model's files: empty where there are none to know of. */
interface ModelDetails {
  parent_model: string;
  format: string;
  family: string;
  families: string[];
  parameter_size: string;
  quantization_level: string;
  context_length?: number;
}

/** The answer of `GET /api/tags`. A model of an Ollama is told as that one does. */
export function encodeTags(models: readonly ProviderModel[]): JsonObject {
  return {
    models: models.map((model) =>
      model.tag
        ? { ...model.tag, name: model.id, model: model.id }
        : { ...nameOf(model), modified_at: timeOf(model), capabilities: capabilitiesOf(model) },
    ),
  };
}

/**
 * The answer of `POST /api/show` for a model of another vendor. Clients look at `capabilities`, and
 * for the context at `model_info` under the name of the architecture.
 */
export function encodeShow(model: ProviderModel): JsonObject {
  const { contextTokens, ownedBy } = model;
  const architecture = ownedBy ?? 'unknown';
  return {
    license: '',
    modelfile: '',
    parameters: '',
    template: '',
    details: detailsOf(model),
    model_info: {
      'general.architecture': architecture,
      'general.basename': model.displayName ?? model.id,
      ...(contextTokens === undefined ? {} : { [`${architecture}.context_length`]: contextTokens }),
    },
    capabilities: capabilitiesOf(model),
    modified_at: timeOf(model),
  };
}

/** The entries of a provider's answer of `GET /api/ps`, each with its name; none of any other answer. */
export function decodeRunning(body: unknown): { id: string; entry: JsonObject }[] {
  const { models } = (body ?? {}) as { models?: unknown };
  if (!Array.isArray(models)) return [];
  return models.flatMap((value: unknown) => {
    const entry = (value ?? {}) as JsonObject;
    const id = entry.model || entry.name;
    return typeof id === 'string' ? [{ id, entry }] : [];
  });
}

/** The answer of `GET /api/ps`: what the Ollamas said, under the names that the models have here. */
export function encodeRunning(running: readonly { id: string; entry: JsonObject }[]): JsonObject {
  return { models: running.map(({ id, entry }) => ({ ...entry, name: id, model: id })) };
}

/** The answer of `GET /api/version`. */
export function encodeVersion(): JsonObject {
  return { version: ollamaVersion };
}

/** A provider's answer of `/api/tags`. Tolerant: what has no name is passed over. */
export function decodeTags(body: unknown): ProviderModel[] {
  const { models } = (body ?? {}) as { models?: unknown };
  if (!Array.isArray(models)) return [];
  return models.flatMap((value: unknown): ProviderModel[] => {
    const tag = (value ?? {}) as Record<string, unknown>;
    const id = tag.model || tag.name;
    if (typeof id !== 'string' || id === '') return [];
    const createdAtMs = typeof tag.modified_at === 'string' ? Date.parse(tag.modified_at) : NaN;
    const { family, context_length } = (tag.details ?? {}) as Record<string, unknown>;
    const kinds = kindsOf(tag.capabilities);
    const abilities = abilitiesOf(tag.capabilities);
    return [
      {
        id,
        tag,
        ...(Number.isNaN(createdAtMs) ? {} : { createdAtMs }),
        ...(typeof family === 'string' && family ? { ownedBy: family } : {}),
        ...(typeof context_length === 'number' && context_length > 0
          ? { contextTokens: context_length }
          : {}),
        ...(kinds.length > 0 ? { kinds } : {}),
        ...(abilities.length > 0 ? { abilities } : {}),
      },
    ];
  });
}

function nameOf(model: ProviderModel) {
  return {
    name: model.id,
    model: model.id,
    size: 0,
    digest: createHash('sha256').update(model.id).digest('hex'),
    details: detailsOf(model),
  };
}

function detailsOf({ contextTokens, ownedBy = '' }: ProviderModel): ModelDetails {
  return {
    parent_model: '',
    format: '',
    family: ownedBy,
    families: ownedBy ? [ownedBy] : [],
    parameter_size: '',
    quantization_level: '',
    ...(contextTokens === undefined ? {} : { context_length: contextTokens }),
  };
}

function timeOf(model: ProviderModel): string {
  return new Date(model.createdAtMs ?? 0).toISOString();
}

/** What is known; of a model of which nothing is said it is only taken that it answers. */
function capabilitiesOf({ abilities = [], kinds }: ProviderModel): string[] {
  if (kinds?.includes('embeddings') && !kinds.includes('chat')) return ['embedding'];
  if (kinds?.length && !kinds.includes('chat')) return kinds.includes('image') ? ['image'] : [];
  return ['completion', ...abilities.filter((ability) => ability !== 'structured')];
}

/** Any model's answer can be held to a schema: the server sees to that. */
function abilitiesOf(capabilities: unknown): ModelAbility[] {
  if (!Array.isArray(capabilities) || !capabilities.includes('completion')) return [];
  return [...ofOllama.filter((ability) => capabilities.includes(ability)), 'structured'];
}

const ofOllama: readonly ModelAbility[] = ['tools', 'vision', 'thinking', 'insert'];

function kindsOf(capabilities: unknown): NonNullable<ProviderModel['kinds']> {
  if (!Array.isArray(capabilities)) return [];
  const kinds: NonNullable<ProviderModel['kinds']> = [];
  if (capabilities.includes('completion')) kinds.push('chat');
  if (capabilities.includes('embedding')) kinds.push('embeddings');
  if (capabilities.includes('image')) kinds.push('image');
  return kinds;
}
