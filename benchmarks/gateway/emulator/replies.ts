import {
  anthropicRecords,
  anthropicWhole,
  openAiRecords,
  openAiWhole,
  providerKey,
  refusals,
} from '../answers.ts';
import { isStreamed, readPromptMark } from '../prompt-mark.ts';
import type { WholeRequest } from './request-reader.ts';

/**
 * A reply: bytes to send at once, or after `lateMs`; or a head and records to send one after the
 * other, of which nothing follows the first where the stream is held.
 */
export type Reply =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'late'; bytes: Buffer }
  | { kind: 'held'; number: number; first: Buffer }
  | { kind: 'paced'; number: number; first: Buffer; rest: readonly Buffer[] };

interface DialectReplies {
  whole: Buffer;
  refused: Buffer;
  burst: Buffer;
  paced: readonly Buffer[];
}

const openAi = dialectReplies(openAiWhole, refusals.openai, openAiRecords(false));
const openAiWithUsage = dialectReplies(openAiWhole, refusals.openai, openAiRecords(true));
const anthropic = dialectReplies(anthropicWhole, refusals.anthropic, anthropicRecords());
const unknownPath = json(404, '{"error":{"message":"no such path"}}');
const unauthorized = json(401, '{"error":{"message":"wrong provider key"}}');
const notUnderstood = json(400, '{"error":{"message":"the prompt names no behaviour"}}');
const notStreamed = json(400, '{"error":{"message":"stream and prompt do not agree"}}');

/** Answers as the prompt asks. Refuses a wrong path, a wrong key, and a stream nobody asked for. */
export function replyTo({ head, body }: WholeRequest): Reply {
  const messages = head.startsWith('POST /v1/messages ');
  const late = head.startsWith('POST /late/v1/chat/completions ');
  const chat = late || head.startsWith('POST /v1/chat/completions ');
  if (!messages && !chat) return bytes(unknownPath);
  if (!head.includes(providerKey)) return bytes(unauthorized);
  const mark = readPromptMark(body);
  if (!mark) return bytes(notUnderstood);
  const { behaviour, number } = mark;
  const streams = isStreamed(behaviour);
  if (streams !== body.includes('"stream":true')) return bytes(notStreamed);
  const withUsage = streams && body.includes('"include_usage":true');
  const replies = messages ? anthropic : withUsage ? openAiWithUsage : openAi;
  if (behaviour === 'raced') {
    return late ? { kind: 'late', bytes: replies.whole } : bytes(replies.whole);
  }
  if (behaviour !== 'paced' && behaviour !== 'held') return bytes(replies[behaviour]);
  const [first = Buffer.alloc(0), ...rest] = replies.paced;
  return behaviour === 'held'
    ? { kind: 'held', number, first }
    : { kind: 'paced', number, first, rest };
}

function bytes(all: Buffer): Reply {
  return { kind: 'bytes', bytes: all };
}

function dialectReplies(
  whole: string,
  refusal: string,
  records: readonly string[],
): DialectReplies {
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n' +
    'cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n';
  const framed = records.map((record) => `${record.length.toString(16)}\r\n${record}\r\n`);
  const paced = framed.map((record, index) => {
    const end = index === framed.length - 1 ? '0\r\n\r\n' : '';
    return Buffer.from((index === 0 ? head : '') + record + end);
  });
  return {
    whole: json(200, whole),
    refused: json(429, refusal, 'retry-after: 1\r\n'),
    burst: Buffer.concat(paced),
    paced,
  };
}

function json(status: number, text: string, headers = ''): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} Emulated\r\ncontent-type: application/json\r\n${headers}` +
      `content-length: ${text.length}\r\n\r\n${text}`,
  );
}
