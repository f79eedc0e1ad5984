import { compact } from './compact.ts';

/** A model that is usable now, as `GET /v1/models` tells it. */
export interface ListedModel {
  id: string;
  /** Milliseconds since the epoch; 0 where the provider does not say. */
  createdAtMs: number;
  ownedBy: string;
  contextTokens?: number | undefined;
  maxOutputTokens?: number | undefined;
  abilities?: readonly string[] | undefined;
}

/**
 * With what providers say beyond OpenAI's own fields, where they do: `context_length` as OpenRouter
 * names it, `abilities` in Ollama's words.
 * Source: https://developers.openai.com/api/reference/resources/models
 */
export interface ModelObject {
  id: string;
  object: 'model';
  /** Seconds since the epoch. */
  created: number;
  owned_by: string;
  /** Tokens of prompt and answer together. */
  context_length?: number;
  max_output_tokens?: number;
  abilities?: readonly string[];
}

/** The answer to `GET /v1/models`. */
export function modelList(models: readonly ListedModel[]): {
  object: 'list';
  data: ModelObject[];
} {
  return { object: 'list', data: models.map(modelObject) };
}

/** The answer to `GET /v1/models/{id}`. */
export function modelObject(model: ListedModel): ModelObject {
  return compact({
    id: model.id,
    object: 'model' as const,
    created: Math.floor(model.createdAtMs / 1000),
    owned_by: model.ownedBy,
    context_length: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    abilities: model.abilities,
  });
}
