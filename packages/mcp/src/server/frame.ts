import { type JSONRPCMessage, parseJSONRPCMessage } from '@modelcontextprotocol/server';
import { isDeeperThan, maxJsonDepth } from '@zeke/foundation';

/** The largest message of any transport, in bytes. */
export const maxMessageBytes = 8 * 1024 * 1024;
/** Messages of one batch. */
const maxBatchLength = 50;

/** Why what came is no message: answered with this code. */
export class FrameFault extends Error {
  override name = 'FrameFault';
  readonly code: -32_700 | -32_600;
  /** Of the request, where it can be told. */
  readonly id: string | number | null;

  constructor(code: -32_700 | -32_600, message: string, id: string | number | null = null) {
    super(message);
    this.code = code;
    this.id = id;
  }
}

/** The JSON of a text, however hostile. Throws a `FrameFault`. */
export function parseFrame(text: string): unknown {
  if (text.length > maxMessageBytes) {
    throw new FrameFault(-32_600, `a message has at most ${maxMessageBytes} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FrameFault(-32_700, 'parse error: it is not valid JSON');
  }
  if (isDeeperThan(value, maxJsonDepth)) {
    throw new FrameFault(-32_600, `it is nested more than ${maxJsonDepth} levels deep`);
  }
  if (Array.isArray(value) && value.length > maxBatchLength) {
    throw new FrameFault(-32_600, `a batch holds at most ${maxBatchLength} messages`);
  }
  return value;
}

/** One message. Throws a `FrameFault` for what is none, a batch too. */
export function messageOf(value: unknown): JSONRPCMessage {
  if (Array.isArray(value)) throw new FrameFault(-32_600, 'batches are taken over HTTP only');
  try {
    return parseJSONRPCMessage(value);
  } catch {
    throw new FrameFault(-32_600, 'it is no JSON-RPC 2.0 message', idOf(value));
  }
}

/** What an answer to this goes under. */
export function idOf(value: unknown): string | number | null {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
