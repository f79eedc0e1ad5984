import { describe, expect, test } from 'bun:test';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { EncodeResponseContext, EventEncoder } from '../dialect.ts';
import { createEventEncoder, encodeResponse } from './encode-events.ts';
import { decodeSignature } from './signatures.ts';

const context: EncodeResponseContext = {
  model: 'openai/gpt-x',
  request: {},
  responseId: 'resp1',
  createdAtMs: 0,
};
const names = { modelVersion: 'openai/gpt-x', responseId: 'resp1' };
const start: ChatEvent = { type: 'response-start', id: 'x', model: 'y', createdAtMs: 0 };
const content = (part: object) => ({ content: { parts: [part], role: 'model' }, index: 0 });
const at = (part: number) => ({ choice: 0, part });

function written(events: ChatEvent[], encoder: EventEncoder = createEventEncoder(context)) {
  return events.map((event) => encoder.push(event)).join('');
}

function records(events: ChatEvent[]): unknown[] {
  const text = written(events);
  expect(text).toEndWith('\r\n\r\n');
  return text
    .split('\r\n\r\n')
    .slice(0, -1)
    .map((record) => {
      expect(record).toStartWith('data: ');
      return JSON.parse(record.slice('data: '.length)) as unknown;
    });
}

describe('createEventEncoder', () => {
  test('sends text at once, calls only when whole, and the end in one last record', () => {
    expect(
      records([
        start,
        { type: 'ping' },
        { type: 'part-start', ...at(0), kind: 'reasoning' },
        { type: 'reasoning-delta', ...at(0), text: 'hm' },
        { type: 'part-end', ...at(0), signature: { origin: 'gemini', value: 'c2ln' } },
        { type: 'part-start', ...at(1), kind: 'text' },
        { type: 'text-delta', ...at(1), text: 'Hi', logprobs: [{ token: 'Hi', logprob: -1 }] },
        { type: 'part-end', ...at(1) },
        { type: 'part-start', ...at(2), kind: 'tool-call', callId: 'a', name: 'f' },
        { type: 'arguments-delta', ...at(2), json: '{"x"' },
        { type: 'part-start', ...at(3), kind: 'tool-call', callId: 'b', name: 'g' },
        { type: 'arguments-delta', ...at(2), json: ':1}' },
        { type: 'part-end', ...at(3) },
        { type: 'part-end', ...at(2) },
        { type: 'finish', choice: 0, reason: 'tool-calls' },
        { type: 'usage', usage: { input: 5, output: 7, reasoning: 2, cachedInput: 1 } },
        { type: 'response-end' },
      ]),
    ).toEqual([
      { candidates: [content({ text: 'hm', thought: true })], ...names },
      { candidates: [content({ text: '', thought: true, thoughtSignature: 'c2ln' })], ...names },
      {
        candidates: [
          {
            ...content({ text: 'Hi' }),
            logprobsResult: { chosenCandidates: [{ token: 'Hi', logProbability: -1 }] },
          },
        ],
        ...names,
      },
      { candidates: [content({ functionCall: { id: 'b', name: 'g', args: {} } })], ...names },
      { candidates: [content({ functionCall: { id: 'a', name: 'f', args: { x: 1 } } })], ...names },
      {
        candidates: [{ ...content({ text: '' }), finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: 5,
          candidatesTokenCount: 5,
          totalTokenCount: 12,
          cachedContentTokenCount: 1,
          promptTokensDetails: [{ modality: 'TEXT', tokenCount: 5 }],
          thoughtsTokenCount: 2,
        },
        ...names,
      },
    ]);
  });

  test('a call whose arguments are no JSON object ends the answer as malformed', () => {
    for (const json of ['{"x":', '[1]', '"s"']) {
      const told = records([
        start,
        { type: 'part-start', ...at(0), kind: 'tool-call', callId: 'a', name: 'f' },
        { type: 'arguments-delta', ...at(0), json },
        { type: 'part-end', ...at(0) },
        { type: 'finish', choice: 0, reason: 'tool-calls' },
        { type: 'response-end' },
      ]);
      expect(told).toMatchObject([{ candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] }]);
      const whole = encodeResponse(
        {
          id: 'x',
          model: 'y',
          createdAtMs: 0,
          choices: [
            {
              parts: [{ type: 'tool-call', id: 'a', name: 'f', arguments: json }],
              finishReason: 'tool-calls',
            },
          ],
        },
        context,
      );
      expect(whole).toMatchObject({
        candidates: [
          { content: { parts: [{ text: '' }] }, finishReason: 'MALFORMED_FUNCTION_CALL' },
        ],
      });
    }
  });

  test('refusals are text, images and citations have their places', () => {
    const told = records([
      start,
      { type: 'part-start', ...at(0), kind: 'refusal' },
      { type: 'refusal-delta', ...at(0), text: 'No.' },
      { type: 'part-end', ...at(0) },
      {
        type: 'part-start',
        ...at(1),
        kind: 'image',
        source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' },
      },
      { type: 'part-end', ...at(1) },
      { type: 'part-start', ...at(2), kind: 'text' },
      { type: 'text-delta', ...at(2), text: 'äb' },
      {
        type: 'citation',
        ...at(2),
        citation: { kind: 'url', url: 'https://a.example', start: 1, end: 2 },
      },
      { type: 'citation', ...at(2), citation: { kind: 'document', title: 'T', citedText: 'q' } },
      { type: 'part-end', ...at(2) },
      { type: 'finish', choice: 0, reason: 'refusal' },
      { type: 'response-end' },
    ]);
    expect(told).toEqual([
      { candidates: [content({ text: 'No.' })], ...names },
      { candidates: [content({ inlineData: { mimeType: 'image/png', data: 'AA==' } })], ...names },
      { candidates: [content({ text: 'äb' })], ...names },
      {
        candidates: [
          {
            ...content({ text: '' }),
            finishReason: 'SAFETY',
            groundingMetadata: {
              groundingChunks: [
                { web: { uri: 'https://a.example' } },
                { retrievedContext: { title: 'T', text: 'q' } },
              ],
              groundingSupports: [
                {
                  segment: { startIndex: 2, endIndex: 3, partIndex: 2, text: 'b' },
                  groundingChunkIndices: [0],
                },
              ],
            },
          },
        ],
        ...names,
      },
    ]);
  });

  test('a token of another vendor is base64, as Google’s clients expect of the field', () => {
    const signature = { origin: 'anthropic-messages', value: 'Er8B/+=.x' } as const;
    const [record] = records([
      start,
      { type: 'part-start', ...at(0), kind: 'reasoning', redacted: true },
      { type: 'part-end', ...at(0), signature },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'response-end' },
    ]) as { candidates: { content: { parts: { thoughtSignature: string }[] } }[] }[];
    const token = record?.candidates[0]?.content.parts[0]?.thoughtSignature ?? '';
    expect(token).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(decodeSignature(token)).toEqual({ signature, redacted: true });
  });

  test('tells an error as Google does, and nothing after it', () => {
    const error = apiError('resource_exhausted', 'slow down', { retryAfterMs: 1_500 });
    const events: ChatEvent[] = [start, { type: 'error', error }, { type: 'response-end' }];
    const body = {
      error: {
        code: 429,
        message: 'slow down',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
      },
    };
    expect(records(events)).toEqual([body]);
    const named = written(events, createEventEncoder({ ...context, requestId: 'req_1' }));
    expect(JSON.parse(named.slice('data: '.length)).error.details).toContainEqual({
      '@type': 'type.googleapis.com/google.rpc.RequestInfo',
      requestId: 'req_1',
    });
  });
});
