import { z } from 'zod';
import { apiError } from '../../neutral/api-error.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { EncodedRequest, JsonObject } from '../dialect.ts';
import { lazily, type OutputOf } from '../lazily.ts';
import { parseRequest, requestFault } from '../parse-request.ts';
import { TranslationNotes } from '../translation-notes.ts';
import { camelCaseNames, messageNames } from './names.ts';
import { contentSchema } from './types.ts';

const options = lazily(() => ({
  taskType: z.string().optional().describe('RETRIEVAL_QUERY, SEMANTIC_SIMILARITY, …'),
  title: z.string().optional(),
  outputDimensionality: z.int().positive().optional(),
}));

/**
 * The body of `models/{model}:embedContent`. Vertex puts the options into `embedContentConfig`.
 * Source: https://ai.google.dev/api/embeddings
 */
export const embedContentRequestSchema = lazily(() =>
  z
    .looseObject({
      model: z.string().optional(),
      content: contentSchema(),
      ...options(),
      embedContentConfig: z.looseObject(options()).optional(),
    })
    .meta({ id: 'GeminiEmbedContentRequest' }),
);

/** The body of `models/{model}:batchEmbedContents`. */
export const batchEmbedContentsRequestSchema = lazily(() =>
  z
    .looseObject({ requests: z.array(embedContentRequestSchema()).min(1) })
    .meta({ id: 'GeminiBatchEmbedContentsRequest' }),
);

type EmbedContentRequest = OutputOf<typeof embedContentRequestSchema>;

/** One text, one vector. `model` is the one in the address. */
export function decodeEmbedContent(body: unknown, model: string): EmbeddingRequest {
  const named = camelCaseNames(body, messageNames.embedContent);
  const request = parseRequest(embedContentRequestSchema, named);
  return {
    model,
    inputs: [textOf(request, 'content')],
    ...optionsOf(request),
    extensions: { dialect: 'gemini', fields: extraFields(request) },
  };
}

/** Many texts; throws `invalid_argument` when their options differ. */
export function decodeBatchEmbedContents(body: unknown, model: string): EmbeddingRequest {
  const named = camelCaseNames(body, messageNames.batchEmbedContents);
  const { requests, ...fields } = parseRequest(batchEmbedContentsRequestSchema, named);
  const [first] = requests;
  const shared = JSON.stringify(first && optionsOf(first));
  const inputs: string[] = [];
  for (const [index, request] of requests.entries()) {
    if (JSON.stringify(optionsOf(request)) !== shared) {
      throw requestFault(`requests[${index}]`, 'its options are not those of requests[0]');
    }
    inputs.push(textOf(request, `requests[${index}].content`));
  }
  return {
    model,
    inputs,
    ...(first ? optionsOf(first) : {}),
    extensions: { dialect: 'gemini', fields: { ...fields, ...(first ? extraFields(first) : {}) } },
  };
}

function textOf({ content }: EmbedContentRequest, param: string): string {
  const texts = content.parts.map(({ text }, index) => {
    if (text === undefined) {
      throw requestFault(`${param}.parts[${index}]`, 'only text can be translated');
    }
    return text;
  });
  return texts.join('');
}

function optionsOf(request: EmbedContentRequest) {
  const config = request.embedContentConfig;
  const taskType = config?.taskType ?? request.taskType;
  const title = config?.title ?? request.title;
  const dimensions = config?.outputDimensionality ?? request.outputDimensionality;
  return {
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(taskType === undefined ? {} : { taskType }),
    ...(title === undefined ? {} : { title }),
  };
}

const knownFields = lazily(
  () => new Set(['model', 'content', 'embedContentConfig', ...Object.keys(options())]),
);

function extraFields(request: EmbedContentRequest): Record<string, unknown> {
  const all = { ...request, ...request.embedContentConfig };
  const known = knownFields();
  return Object.fromEntries(Object.entries(all).filter(([name]) => !known.has(name)));
}

/** A request for one vector; throws `invalid_argument` when there is not exactly one text. */
export function encodeEmbedContent(request: EmbeddingRequest): EncodedRequest {
  const [text, second] = embeddingTexts(request);
  if (text === undefined || second !== undefined) {
    throw requestFault('inputs', 'this endpoint takes exactly one text');
  }
  const { fields, notes } = encodeOptions(request);
  return { body: { content: { parts: [{ text }] }, ...fields }, notes };
}

/** A request for many vectors. `model` is the provider's own name of the model. */
export function encodeBatchEmbedContents(request: EmbeddingRequest, model: string): EncodedRequest {
  const { fields, notes } = encodeOptions(request);
  const name = `models/${model.replace(/^models\//, '')}`;
  const requests = embeddingTexts(request).map((text) => ({
    model: name,
    content: { parts: [{ text }] },
    ...fields,
  }));
  return { body: { requests }, notes };
}

/** The inputs as texts: Google takes no token ids. */
export function embeddingTexts(request: EmbeddingRequest): string[] {
  return request.inputs.map((input, index) => {
    if (typeof input === 'string') return input;
    throw requestFault(`inputs[${index}]`, 'Gemini takes text, not token ids');
  });
}

function encodeOptions(request: EmbeddingRequest) {
  const notes = embeddingNotes(request);
  const { taskType, title, dimensions, extensions } = request;
  const fields: JsonObject = {
    ...(extensions.dialect === 'gemini' ? extensions.fields : {}),
    ...(taskType === undefined ? {} : { taskType }),
    ...(title === undefined ? {} : { title }),
    ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
  };
  return { fields, notes };
}

/** What of a request for vectors has no place in Google's. */
export function embeddingNotes(request: EmbeddingRequest) {
  const notes = new TranslationNotes();
  if (request.user !== undefined) notes.dropped('user');
  if (request.extensions.dialect !== 'gemini') {
    for (const name of Object.keys(request.extensions.fields)) notes.dropped(name);
  }
  return notes.list;
}

/** Reads the answer of `embedContent` and of `batchEmbedContents`. */
export function decodeEmbedResponse(body: unknown, model: string): EmbeddingResponse {
  const { embedding, embeddings, usageMetadata } = (body ?? {}) as Record<string, unknown>;
  const list: unknown[] = Array.isArray(embeddings) ? embeddings : [embedding];
  const vectors = list.map((item) => vectorOf((item as JsonObject | undefined)?.values));
  const input = (usageMetadata as JsonObject | undefined)?.promptTokenCount;
  return {
    model,
    vectors,
    ...(typeof input === 'number' ? { usage: { input, output: 0 } } : {}),
  };
}

/** A vector of a provider. Throws `data_loss` when it is none. */
export function vectorOf(values: unknown): number[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'number')) return values;
  throw apiError('data_loss', 'the provider answered without a vector', { retryable: true });
}

/** The answer of `embedContent`. */
export function encodeEmbedResponse(response: EmbeddingResponse): JsonObject {
  return { embedding: { values: response.vectors[0] ?? [] }, ...usageOf(response) };
}

/** The answer of `batchEmbedContents`. */
export function encodeBatchEmbedResponse(response: EmbeddingResponse): JsonObject {
  return { embeddings: response.vectors.map((values) => ({ values })), ...usageOf(response) };
}

function usageOf({ usage }: EmbeddingResponse): JsonObject {
  if (!usage) return {};
  return { usageMetadata: { promptTokenCount: usage.input, totalTokenCount: usage.input } };
}
