import { RpcError } from '@zeke/rpc';
import type { Dialect } from '../dialect.ts';
import { ConverseEventDecoder } from './decode-events.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { decodeError, encodeError, errorOfAnswer, errorOfFrame } from './errors.ts';
import { readUsage, scanUsage, usageMark } from './usage.ts';

/**
 * Amazon Bedrock's `Converse` and `ConverseStream`, spoken to providers only. Its stream is binary
 * and an event encoder gives text, so `createEventEncoder` throws `unimplemented`; an endpoint of
 * ours would send the frames of `ConverseFrameEncoder` through `encodeAwsEvent`.
 */
export const bedrockConverseDialect: Dialect = {
  name: 'bedrock-converse',
  framing: 'aws-event-stream',
  contentType: { stream: 'application/vnd.amazon.eventstream', whole: 'application/json' },
  // It has no callers.
  fieldNames: {},
  decodeRequest,
  encodeRequest,
  createEventDecoder: () => new ConverseEventDecoder(),
  decodeResponse,
  createEventEncoder: () => {
    throw new RpcError('unimplemented', 'bedrock-converse is spoken to providers, not to callers');
  },
  encodeResponse,
  decodeError,
  encodeError,
  usageMark,
  scanUsage,
  readUsage,
  errorOfFrame,
  errorOfAnswer,
};
