import type { HttpHeaders } from '@zeke/foundation/http-client';
import { apiError } from '../../neutral/api-error.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { JsonObject, TranslationNote } from '../dialect.ts';
import { TranslationNotes } from '../translation-notes.ts';

/** The most texts that one call to Cohere takes. */
const maxCohereTexts = 96;

/** The header in which Bedrock says how many tokens it read. */
const inputTokensHeader = 'x-amzn-bedrock-input-token-count';

/** A request for vectors as the bodies of `InvokeModel` calls, whose answers belong together. */
export interface EncodedEmbeddings {
  bodies: JsonObject[];
  notes: TranslationNote[];
}

/** The answer to one of the calls. */
export interface EmbeddingAnswer {
  body: unknown;
  headers?: HttpHeaders;
}

/**
 * Bodies for `amazon.titan-embed-text-v2` (one text a call) and `cohere.embed-*` (up to 96).
 * Throws `invalid_argument` for token ids and for a model whose body is not known.
 * Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html
 */
export function encodeEmbeddings(request: EmbeddingRequest, model: string): EncodedEmbeddings {
  const notes = new TranslationNotes();
  const texts = request.inputs.map((input, index) => {
    if (typeof input === 'string') return input;
    const param = `inputs[${index}]`;
    throw apiError('invalid_argument', `${param}: Bedrock embeds texts, not token ids`, { param });
  });
  if (request.title !== undefined) notes.dropped('title');
  if (request.user !== undefined) notes.dropped('user');
  const extra = extensionsOf(request, notes);
  if (model.includes('titan-embed')) {
    if (request.taskType !== undefined) notes.dropped('taskType');
    const bodies = texts.map((inputText) => ({ ...extra, ...titanBody(request, inputText) }));
    return { bodies, notes: notes.list };
  }
  if (model.includes('cohere.embed')) {
    const shared = { ...extra, ...cohereFields(request, model, notes) };
    const bodies: JsonObject[] = [];
    for (let at = 0; at < texts.length; at += maxCohereTexts) {
      bodies.push({ ...shared, texts: texts.slice(at, at + maxCohereTexts) });
    }
    return { bodies, notes: notes.list };
  }
  throw apiError('invalid_argument', `the model ${model} is not one that embeds texts here`, {
    param: 'model',
    reason: 'model_not_found',
  });
}

/** The vectors of all calls in their order. Throws `data_loss` for an answer without them. */
export function decodeEmbeddings(answers: EmbeddingAnswer[], model: string): EmbeddingResponse {
  const vectors: number[][] = [];
  let input = 0;
  for (const { body, headers } of answers) {
    vectors.push(...vectorsOf(body));
    const counted = (body as { inputTextTokenCount?: unknown }).inputTextTokenCount;
    input += typeof counted === 'number' ? counted : Number(headers?.get(inputTokensHeader) ?? 0);
  }
  return { model, vectors, ...(input > 0 ? { usage: { input, output: 0 } } : {}) };
}

function titanBody({ dimensions }: EmbeddingRequest, inputText: string): JsonObject {
  return { inputText, ...(dimensions === undefined ? {} : { dimensions }) };
}

function cohereFields(
  request: EmbeddingRequest,
  model: string,
  notes: TranslationNotes,
): JsonObject {
  const fields: JsonObject = {
    input_type: inputTypeOf(request.taskType, notes),
    embedding_types: ['float'],
  };
  if (request.dimensions !== undefined) {
    if (model.includes('embed-v4')) fields.output_dimension = request.dimensions;
    else notes.dropped('dimensions');
  }
  return fields;
}

/** Cohere wants to know what for; Gemini's words for it are the neutral ones. */
function inputTypeOf(taskType: string | undefined, notes: TranslationNotes): string {
  switch (taskType) {
    case undefined:
    case 'RETRIEVAL_DOCUMENT':
      return 'search_document';
    case 'RETRIEVAL_QUERY':
    case 'QUESTION_ANSWERING':
    case 'FACT_VERIFICATION':
    case 'CODE_RETRIEVAL_QUERY':
      return 'search_query';
    case 'CLASSIFICATION':
      return 'classification';
    case 'CLUSTERING':
      return 'clustering';
    default:
      notes.mapped('taskType', 'as search_document');
      return 'search_document';
  }
}

function extensionsOf(request: EmbeddingRequest, notes: TranslationNotes): JsonObject {
  const { dialect, fields } = request.extensions;
  if (dialect === 'bedrock-converse') return fields;
  for (const name of Object.keys(fields)) notes.dropped(name);
  return {};
}

/** Titan gives one vector; Cohere a list, under its type when the request named types. */
function vectorsOf(body: unknown): number[][] {
  const { embedding, embeddings } = (body ?? {}) as { embedding?: unknown; embeddings?: unknown };
  if (isVector(embedding)) return [embedding];
  const list = (embeddings as { float?: unknown } | undefined)?.float ?? embeddings;
  if (Array.isArray(list) && list.every(isVector)) return list;
  throw apiError('data_loss', 'Bedrock gave an answer without vectors', { retryable: true });
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}
