import type { Dialect } from '../dialect.ts';
import { createEventDecoder, decodeResponse } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { createEventEncoder, encodeResponse } from './encode-events.ts';
import { encodeRequest } from './encode-request.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { fieldNames } from './field-names.ts';
import { readUsage, scanUsage, usageMark } from './usage.ts';

/**
 * The dialect of the Gemini API (`v1beta`) and of Vertex AI: `models/{model}:generateContent` and
 * `:streamGenerateContent?alt=sse`. Source: https://ai.google.dev/api/generate-content
 */
export const geminiDialect: Dialect = {
  name: 'gemini',
  framing: 'sse',
  contentType: { stream: 'text/event-stream', whole: 'application/json; charset=UTF-8' },
  fieldNames,
  decodeRequest,
  encodeRequest,
  createEventDecoder,
  decodeResponse,
  createEventEncoder,
  encodeResponse,
  decodeError,
  encodeError,
  usageMark,
  scanUsage,
  readUsage,
  errorOfFrame,
  errorOfAnswer,
};

export {
  countTokensRequestSchema,
  decodeCountTokensRequest,
  decodeCountTokensResponse,
  encodeCountTokensRequest,
  encodeCountTokensResponse,
} from './count-tokens.ts';
export {
  batchEmbedContentsRequestSchema,
  decodeBatchEmbedContents,
  decodeEmbedContent,
  decodeEmbedResponse,
  embedContentRequestSchema,
  encodeBatchEmbedContents,
  encodeBatchEmbedResponse,
  encodeEmbedContent,
  encodeEmbedResponse,
} from './embeddings.ts';
export { encodeModel, encodeModelList } from './models.ts';
export { parseGeminiPath } from './path.ts';
export {
  decodePredictResponse,
  encodePredict,
} from './predict.ts';
export { generateContentRequestSchema } from './types.ts';
