import type { Dialect } from '../dialect.ts';
import { decodeResponse, OllamaEventDecoder } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { OllamaEventEncoder } from './encode-events.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { fieldNames } from './field-names.ts';
import { readUsage, scanUsage, usageMark } from './usage.ts';

export { decodeGenerateRequest, untranslatable } from './decode-generate.ts';
export {
  decodeEmbeddingsRequest,
  decodeEmbedRequest,
  decodeEmbedResponse,
  encodeEmbeddingsResponse,
  encodeEmbedRequest,
  encodeEmbedResponse,
} from './embed.ts';
export {
  createGenerateEventEncoder,
  decodeGenerateResponse,
  encodeGenerateRequest,
  encodeGenerateResponse,
} from './generate.ts';
export { loadAnswer } from './load.ts';
export { decodeTags, encodeRunning, encodeShow, encodeTags, encodeVersion } from './models.ts';

/**
 * Ollama's `/api/chat`. The functions exported beside it are for its other endpoints.
 * Source: https://github.com/ollama/ollama/blob/main/docs/api.md
 */
export const ollamaDialect: Dialect = {
  name: 'ollama',
  framing: 'ndjson',
  contentType: { stream: 'application/x-ndjson', whole: 'application/json; charset=utf-8' },
  fieldNames,
  decodeRequest,
  encodeRequest,
  createEventDecoder: () => new OllamaEventDecoder(),
  decodeResponse,
  createEventEncoder: (context) => new OllamaEventEncoder(context, 'chat'),
  encodeResponse: (response, context) => encodeResponse(response, context),
  decodeError,
  encodeError,
  usageMark,
  scanUsage,
  readUsage,
  errorOfFrame,
  errorOfAnswer,
};
