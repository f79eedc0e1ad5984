import type { Dialect } from '../dialect.ts';
import { createEventDecoder, decodeResponse } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { createEventEncoder } from './encode-events.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { fieldNames } from './field-names.ts';
import { readUsage, scanUsage, usageMark } from './usage.ts';

/**
 * `POST /v1/chat/completions`, as OpenAI, Azure, xAI, Ollama's `/v1` and the many compatible servers
 * speak it. Source: https://developers.openai.com/api/reference/resources/chat
 */
export const openAiChatDialect: Dialect = {
  name: 'openai-chat',
  framing: 'sse',
  contentType: { stream: 'text/event-stream; charset=utf-8', whole: 'application/json' },
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
