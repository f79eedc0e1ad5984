import { z } from 'zod';
import { apiError } from '../../neutral/api-error.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { EncodedRequest, EncodeRequestContext, JsonObject } from '../dialect.ts';
import { lazily, type OutputOf } from '../lazily.ts';
import { parseRequest } from '../parse-request.ts';
import { TranslationNotes } from '../translation-notes.ts';
import { compact } from './compact.ts';
import { errorOfRecord } from './errors.ts';
import { filledText, listOf, recordOf } from './provider-answer.ts';
import { readUsage } from './usage.ts';

/**
 * The body of `POST /v1/embeddings`. Parameters beyond these pass through.
 * Source: https://developers.openai.com/api/reference/resources/embeddings
 */
export const embeddingRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      input: z
        .union([
          z.string(),
          z.array(z.string()).min(1),
          z.array(z.int()).min(1),
          z.array(z.array(z.int()).min(1)).min(1),
        ])
        .describe('One text or many, or their token ids.'),
      dimensions: z.int().min(1).nullish(),
      encoding_format: z.enum(['float', 'base64']).nullish(),
      user: z.string().nullish(),
    })
    .meta({ id: 'EmbeddingRequest', title: 'OpenAI embedding request' }),
);

const knownFields = lazily(() => new Set(Object.keys(embeddingRequest().shape)));

/** Throws `invalid_argument` with the field's path as `param`. */
export function decodeEmbeddingRequest(body: unknown): EmbeddingRequest {
  const request = parseRequest(embeddingRequest, body);
  const known = knownFields();
  return compact({
    model: request.model,
    inputs: inputsOf(request.input),
    dimensions: request.dimensions,
    encoding: request.encoding_format,
    user: request.user,
    extensions: {
      dialect: 'openai-chat' as const,
      fields: Object.fromEntries(Object.entries(request).filter(([name]) => !known.has(name))),
    },
  });
}

function inputsOf(input: OutputOf<typeof embeddingRequest>['input']): (string | number[])[] {
  if (typeof input === 'string') return [input];
  return isTokens(input) ? [input] : input;
}

function isTokens(input: string[] | number[] | number[][]): input is number[] {
  return typeof input[0] === 'number';
}

/** The body for a provider of this dialect. */
export function encodeEmbeddingRequest(
  request: EmbeddingRequest,
  context: EncodeRequestContext,
): EncodedRequest {
  const notes = new TranslationNotes();
  const { dialect, fields } = request.extensions;
  if (request.taskType !== undefined) notes.dropped('taskType');
  if (request.title !== undefined) notes.dropped('title');
  if (dialect !== 'openai-chat') for (const name of Object.keys(fields)) notes.dropped(name);
  const body: JsonObject = compact({
    ...(dialect === 'openai-chat' ? fields : {}),
    model: context.model,
    input: request.inputs,
    dimensions: request.dimensions,
    encoding_format: request.encoding,
    user: request.user,
  });
  return { body, notes: notes.list };
}

/** A provider's vectors, as numbers or in base64. Throws `data_loss` for what is no answer. */
export function decodeEmbeddingResponse(body: unknown): EmbeddingResponse {
  const error = errorOfRecord(body, false);
  if (error) throw error;
  const { model, data } = recordOf<{ model: unknown; data: unknown }>(body);
  const vectors: number[][] = [];
  for (const [position, value] of listOf(data).entries()) {
    const { index, embedding } = recordOf<{ index: unknown; embedding: unknown }>(value);
    const at = typeof index === 'number' ? index : position;
    const vector = typeof embedding === 'string' ? floatsOf(embedding) : numbersOf(embedding);
    if (vector === undefined) throw incomplete(`vector ${at} is not a list of numbers`);
    if (!Number.isInteger(at) || at < 0 || at >= listOf(data).length)
      throw incomplete(`there is no input ${at}`);
    vectors[at] = vector;
  }
  if (vectors.length === 0) throw incomplete('there are no vectors');
  if (Object.keys(vectors).length < vectors.length) throw incomplete('a vector is missing');
  return compact({ model: filledText(model) ?? '', vectors, usage: readUsage(body) });
}

/** The answer to a caller; `encoding` is what it asked for. */
export function encodeEmbeddingResponse(
  response: EmbeddingResponse,
  context: { model: string; encoding?: EmbeddingRequest['encoding'] },
): JsonObject {
  return { ...embeddingListOf(response, context) };
}

export function embeddingListOf(
  response: EmbeddingResponse,
  { model, encoding }: { model: string; encoding?: EmbeddingRequest['encoding'] },
) {
  const tokens = response.usage?.input ?? 0;
  return {
    object: 'list' as const,
    data: response.vectors.map((vector, index) => ({
      object: 'embedding' as const,
      index,
      embedding: encoding === 'base64' ? base64Of(vector) : vector,
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Little-endian float32, in base64. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

function floatsOf(base64: string): number[] | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

function numbersOf(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((one) => typeof one === 'number') ? value : undefined;
}

function incomplete(what: string) {
  return apiError('data_loss', `the provider's answer is not usable: ${what}`, { retryable: true });
}
