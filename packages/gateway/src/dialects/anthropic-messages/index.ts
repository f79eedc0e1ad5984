import type { Dialect } from '../dialect.ts';
import { createEventDecoder, decodeResponse } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { createEventEncoder, encodeResponse } from './encode-events.ts';
import { encodeRequest } from './encode-request.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { fieldNames } from './field-names.ts';
import { readUsage, scanUsage } from './usage.ts';

export {
  countTokensResponse,
  decodeCountTokensRequest,
  encodeCountTokensRequest,
  readCountedTokens,
} from './count-tokens.ts';
export { modelInfo, modelList } from './models.ts';
export { countTokensRequestSchema, messagesRequestSchema } from './types.ts';

/**
 * Anthropic's Messages API: `POST /v1/messages`, also of Claude on Vertex AI.
 * Source: https://platform.claude.com/docs/en/api/messages
 */
export const anthropicMessagesDialect: Dialect = {
  name: 'anthropic-messages',
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
  usageMark: '"usage"',
  scanUsage,
  readUsage,
  errorOfFrame,
  errorOfAnswer,
};
