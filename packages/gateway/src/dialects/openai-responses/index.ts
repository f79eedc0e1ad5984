import type { Dialect } from '../dialect.ts';
import { createEventDecoder, decodeResponse } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { createEventEncoder, encodeResponse } from './encode-events.ts';
import { encodeRequest } from './encode-request.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { fieldNames } from './field-names.ts';
import { readUsage, scanUsage, usageMark } from './usage.ts';

export { inputItemList } from './input-item-list.ts';
export {
  inputItems,
  requestState,
  type StoredResponse,
  withStoredInput,
} from './stored-input.ts';
export { requestSchema } from './types.ts';

/** OpenAI's `/v1/responses`, which Azure, xAI and many others speak too. */
export const openaiResponsesDialect: Dialect = {
  name: 'openai-responses',
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
