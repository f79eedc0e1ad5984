import type { Fault } from '@zeke/emulators';

/** One kind of request, and what it may be answered. */
export interface Traffic {
  readonly name: string;
  /** How often it is sent, beside the others. */
  readonly weight: number;
  readonly path: string;
  readonly key: 'plain' | 'poor' | 'slow' | 'wrong';
  /** `number` is of the request, so that no two are alike; undefined: a body that is no JSON. */
  readonly body: (number: number) => object | undefined;
  /** Statuses that are right whatever providers do. */
  readonly statuses: readonly number[];
  /** What a stream must have in its last words where no fault ended it. */
  readonly endMark?: string;
  /** The client leaves when the first bytes are there. */
  readonly leaves?: boolean;
}

export const models = {
  openai: 'openai/gpt-4.1-mini',
  anthropic: 'anthropic/claude-sonnet-4-5',
} as const;

/** A provider's failure, as zeke hands it on: its own status, or what became of it. */
const afterFaults = [200, 408, 429, 500, 502, 503, 504];
/** What a caller that spends too much, or asks too often, is told beside. */
const refusals = [...afterFaults, 402];

const say = (number: number) => [{ role: 'user', content: `Say ${number} and no more.` }];

function chat(model: string, more: object = {}) {
  return (number: number) => ({ model, messages: say(number), max_tokens: 64, ...more });
}

/** What clients do all day, with some who do it wrong. */
export const traffic: readonly Traffic[] = [
  {
    name: 'chat, whole',
    weight: 6,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat(models.openai),
    statuses: afterFaults,
  },
  {
    name: 'chat, stream',
    weight: 6,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat(models.openai, { stream: true }),
    statuses: afterFaults,
    endMark: '[DONE]',
  },
  {
    name: 'chat, stream from Anthropic',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat(models.anthropic, { stream: true }),
    statuses: afterFaults,
    endMark: '[DONE]',
  },
  {
    name: 'messages, stream',
    weight: 4,
    path: '/v1/messages',
    key: 'plain',
    body: chat(models.anthropic, { stream: true }),
    statuses: [...afterFaults, 529],
    endMark: 'message_stop',
  },
  {
    name: 'messages from OpenAI',
    weight: 3,
    path: '/v1/messages',
    key: 'plain',
    body: chat(models.openai),
    statuses: [...afterFaults, 529],
  },
  {
    name: 'responses, stream',
    weight: 3,
    path: '/v1/responses',
    key: 'plain',
    body: (number) => ({ model: models.openai, input: `Say ${number}.`, stream: true }),
    statuses: afterFaults,
    endMark: 'response.completed',
  },
  {
    name: 'a list of models',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat('in-order'),
    statuses: afterFaults,
  },
  {
    name: 'a race',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat('raced', { stream: true }),
    statuses: afterFaults,
    endMark: '[DONE]',
  },
  {
    name: 'the same again, from the cache',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'plain',
    body: (number) => chat(models.openai, { temperature: 0 })(number % 5),
    statuses: afterFaults,
  },
  {
    name: 'an embedding',
    weight: 2,
    path: '/v1/embeddings',
    key: 'plain',
    body: (number) => ({ model: 'openai/text-embedding-3-small', input: `text ${number}` }),
    statuses: afterFaults,
  },
  {
    name: 'a stream that its client leaves',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat(models.openai, { stream: true }),
    statuses: afterFaults,
    leaves: true,
  },
  {
    name: 'a caller whose budget runs out',
    weight: 4,
    path: '/v1/chat/completions',
    key: 'poor',
    body: chat(models.openai, { stream: true }),
    statuses: refusals,
    endMark: '[DONE]',
  },
  {
    name: 'a caller that asks too often',
    weight: 2,
    path: '/v1/chat/completions',
    key: 'slow',
    body: chat(models.openai),
    statuses: refusals,
  },
  {
    name: 'a wrong key',
    weight: 1,
    path: '/v1/chat/completions',
    key: 'wrong',
    body: chat(models.openai),
    statuses: [401, 429],
  },
  {
    name: 'no such model',
    weight: 1,
    path: '/v1/chat/completions',
    key: 'plain',
    body: chat('openai/no-such-model'),
    statuses: [404, ...afterFaults],
  },
  {
    name: 'no JSON',
    weight: 1,
    path: '/v1/messages',
    key: 'plain',
    body: () => undefined,
    statuses: [400],
  },
];

/** How providers fail. A stream of theirs has some ten records. */
export const faults: readonly Fault[] = [
  { kind: 'status', status: 429, retryAfterSeconds: 1 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'html', status: 502 },
  { kind: 'garbage' },
  { kind: 'error-event', afterRecords: 2 },
  { kind: 'cut', afterRecords: 0 },
  { kind: 'cut', afterRecords: 2 },
  { kind: 'silence' },
  { kind: 'silence', afterRecords: 2 },
  { kind: 'delay', ms: 50 },
];
