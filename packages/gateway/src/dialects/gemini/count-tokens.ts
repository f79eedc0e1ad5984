import { z } from 'zod';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatRequest } from '../../neutral/chat-request.ts';
import type { EncodedRequest, EncodeRequestContext, JsonObject } from '../dialect.ts';
import { lazily } from '../lazily.ts';
import { parseRequest, requestFault } from '../parse-request.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';
import { camelCaseNames, messageNames } from './names.ts';
import { contentSchema, generateContentRequestSchema } from './types.ts';

/**
 * The body of `models/{model}:countTokens`: `contents` alone, or a whole request for an answer.
 * Vertex takes `systemInstruction`, `tools` and `generationConfig` beside `contents`; so do we.
 * Source: https://ai.google.dev/api/tokens
 */
export const countTokensRequestSchema = lazily(() =>
  z
    .looseObject({
      contents: z.array(contentSchema()).min(1).optional(),
      generateContentRequest: generateContentRequestSchema().optional(),
    })
    .meta({ id: 'GeminiCountTokensRequest' }),
);

/** The request whose tokens are to be counted. Throws `invalid_argument` with `param`. */
export function decodeCountTokensRequest(body: unknown, context: { model?: string }): ChatRequest {
  const named = camelCaseNames(body, messageNames.countTokens);
  const request = parseRequest(countTokensRequestSchema, named);
  const { generateContentRequest, ...plain } = request;
  if (generateContentRequest === undefined) return decodeRequest(plain, context);
  if (plain.contents !== undefined) {
    throw requestFault('generateContentRequest', 'cannot be given together with contents');
  }
  return decodeRequest(generateContentRequest, context);
}

/** The fields that Vertex counts; the Gemini API takes the whole request in one field instead. */
const vertexFields = ['contents', 'systemInstruction', 'tools', 'generationConfig'];

/** A `countTokens` request for the Gemini API, or for Vertex AI where the quirk `vertex` is set. */
export function encodeCountTokensRequest(
  request: ChatRequest,
  context: EncodeRequestContext,
): EncodedRequest {
  const { body, notes } = encodeRequest(request, context);
  if (context.quirks?.vertex !== true) {
    const model = `models/${context.model.replace(/^models\//, '')}`;
    return { body: { generateContentRequest: { model, ...body } }, notes };
  }
  const counted: JsonObject = {};
  for (const field of vertexFields) {
    if (field in body) counted[field] = body[field];
  }
  return { body: counted, notes };
}

/** The counted tokens. Throws `data_loss` for an answer without a count. */
export function decodeCountTokensResponse(body: unknown): number {
  const total = (body as { totalTokens?: unknown } | null | undefined)?.totalTokens;
  if (typeof total === 'number') return total;
  throw apiError('data_loss', 'the provider answered without totalTokens', { retryable: true });
}

export function encodeCountTokensResponse(totalTokens: number): JsonObject {
  return { totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] };
}
