import { z } from 'zod';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { EncodedRequest, JsonObject } from '../dialect.ts';
import { lazily } from '../lazily.ts';
import { parseRequest, requestFault } from '../parse-request.ts';
import { embeddingNotes, embeddingTexts, vectorOf } from './embeddings.ts';
import { camelCaseNames, messageNames } from './names.ts';

/**
 * The body of Vertex AI's `publishers/google/models/{model}:predict` for the text embedding
 * models. Source:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
const predictRequestSchema = lazily(() =>
  z
    .looseObject({
      instances: z
        .array(
          z.looseObject({
            content: z.string(),
            taskType: z.string().optional(),
            title: z.string().optional(),
          }),
        )
        .min(1),
      parameters: z.looseObject({ outputDimensionality: z.int().positive().optional() }).optional(),
    })
    .meta({ id: 'VertexPredictRequest' }),
);

/** Throws `invalid_argument` when the options of the texts differ. */
export function decodePredict(body: unknown, model: string): EmbeddingRequest {
  const named = camelCaseNames(body, messageNames.predict);
  const { instances, parameters = {}, ...others } = parseRequest(predictRequestSchema, named);
  const { outputDimensionality, ...rest } = parameters;
  const [first] = instances;
  for (const [index, { taskType, title }] of instances.entries()) {
    if (taskType !== first?.taskType || title !== first?.title) {
      throw requestFault(`instances[${index}]`, 'its options are not those of instances[0]');
    }
  }
  return {
    model,
    inputs: instances.map(({ content }) => content),
    ...(outputDimensionality === undefined ? {} : { dimensions: outputDimensionality }),
    ...(first?.taskType === undefined ? {} : { taskType: first.taskType }),
    ...(first?.title === undefined ? {} : { title: first.title }),
    extensions: { dialect: 'gemini', fields: { ...others, ...rest } },
  };
}

/** `gemini-embedding-001` takes one text a request there; the older models up to 250. */
export function encodePredict(request: EmbeddingRequest): EncodedRequest {
  const { taskType, title, dimensions, extensions } = request;
  const instances = embeddingTexts(request).map((content) => ({
    content,
    ...(taskType === undefined ? {} : { task_type: taskType }),
    ...(title === undefined ? {} : { title }),
  }));
  const parameters: JsonObject = {
    ...(extensions.dialect === 'gemini' ? extensions.fields : {}),
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
  };
  const body = { instances, ...(Object.keys(parameters).length > 0 ? { parameters } : {}) };
  return { body, notes: embeddingNotes(request) };
}

export function decodePredictResponse(body: unknown, model: string): EmbeddingResponse {
  const { predictions } = (body ?? {}) as Record<string, unknown>;
  const list: unknown[] = Array.isArray(predictions) ? predictions : [undefined];
  const vectors: number[][] = [];
  let input: number | undefined;
  for (const prediction of list) {
    const embeddings = (prediction as JsonObject | undefined)?.embeddings;
    const { values, statistics } = (embeddings ?? {}) as Record<string, unknown>;
    vectors.push(vectorOf(values));
    const count = (statistics as JsonObject | undefined)?.token_count;
    if (typeof count === 'number') input = (input ?? 0) + count;
  }
  return { model, vectors, ...(input === undefined ? {} : { usage: { input, output: 0 } }) };
}

/** The tokens of the whole request stand with the first vector: we know no finer count. */
export function encodePredictResponse(response: EmbeddingResponse): JsonObject {
  const { vectors, usage } = response;
  const predictions = vectors.map((values, index) => ({
    embeddings: {
      values,
      ...(usage
        ? { statistics: { token_count: index === 0 ? usage.input : 0, truncated: false } }
        : {}),
    },
  }));
  return { predictions };
}
