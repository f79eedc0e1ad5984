import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import type { EncodeResponseContext } from '../dialect.ts';
import { createEventEncoder, encodeResponse } from './encode-events.ts';
import { testContext } from './test-support.ts';

interface Sent {
  type: string;
  index?: number;
  [key: string]: unknown;
}

function encode(events: ChatEvent[], context: EncodeResponseContext = testContext): Sent[] {
  const encoder = createEventEncoder(context);
  const text = events.map((event) => encoder.push(event)).join('');
  return text
    .split('\n\n')
    .filter((record) => record !== '')
    .map((record) => {
      const [event, data] = record.split('\n');
      const value = JSON.parse((data ?? '').slice('data: '.length));
      expect(event).toBe(`event: ${value.type}`);
      return value;
    });
}

const start: ChatEvent = { type: 'response-start', id: 'chatcmpl-1', model: 'm', createdAtMs: 1 };
const end: ChatEvent[] = [
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'usage', usage: { input: 10, output: 4, cachedInput: 3, reasoning: 2 } },
  { type: 'response-end' },
];
const at = (part: number) => ({ choice: 0, part }) as const;
const call = (part: number, callId: string): ChatEvent => ({
  type: 'part-start',
  ...at(part),
  kind: 'tool-call',
  callId,
  name: callId,
});

/** Every block begins, is spoken of, and ends before the next, counted from 0. */
function expectBlocksInOrder(sent: Sent[]) {
  let open: number | undefined;
  let next = 0;
  for (const { type, index } of sent) {
    if (type === 'content_block_start') {
      expect(open).toBeUndefined();
      expect(index).toBe(next++);
      open = index;
    } else if (type === 'content_block_delta') {
      expect(index).toBe(open);
    } else if (type === 'content_block_stop') {
      expect(index).toBe(open);
      open = undefined;
    }
  }
  expect(open).toBeUndefined();
}

describe('createEventEncoder', () => {
  test('writes the events of the API, usage whole at the end', () => {
    const sent = encode([
      start,
      { type: 'part-start', ...at(0), kind: 'text' },
      { type: 'text-delta', ...at(0), text: 'Hi "you"' },
      { type: 'ping' },
      { type: 'part-end', ...at(0) },
      ...end,
    ]);
    expect(sent.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'ping',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(sent[0]?.message).toMatchObject({
      id: 'msg_r1',
      model: 'shown-model',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    });
    expect(sent[2]).toEqual({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'Hi "you"' },
    });
    expect(sent[5]).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null, container: null },
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 3,
        output_tokens: 4,
        output_tokens_details: { thinking_tokens: 2 },
        server_tool_use: null,
      },
    });
  });

  test('overlapping tool calls are told one after the other', () => {
    const sent = encode([
      start,
      call(0, 'a'),
      call(1, 'b'),
      { type: 'arguments-delta', ...at(1), json: '{"b"' },
      { type: 'arguments-delta', ...at(0), json: '{"a":' },
      call(2, 'c'),
      { type: 'arguments-delta', ...at(1), json: ':1}' },
      { type: 'part-end', ...at(1) },
      { type: 'arguments-delta', ...at(0), json: '2}' },
      { type: 'part-end', ...at(2) },
      { type: 'part-end', ...at(0) },
      ...end,
    ]);
    expectBlocksInOrder(sent);
    const json = [0, 1, 2].map((index) =>
      sent
        .filter((event) => event.type === 'content_block_delta' && event.index === index)
        .map((event) => (event.delta as { partial_json: string }).partial_json)
        .join(''),
    );
    expect(json).toEqual(['{"a":2}', '{"b":1}', '']);
    expect(sent.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });

  test('citations that come after their text still stand in its block', () => {
    const sent = encode([
      start,
      { type: 'part-start', ...at(0), kind: 'text' },
      { type: 'text-delta', ...at(0), text: 'a' },
      { type: 'part-end', ...at(0) },
      { type: 'citation', ...at(0), citation: { kind: 'url', url: 'https://a.example' } },
      { type: 'part-start', ...at(1), kind: 'text' },
      { type: 'text-delta', ...at(1), text: 'b' },
      { type: 'part-end', ...at(1) },
      ...end,
    ]);
    expectBlocksInOrder(sent);
    expect(sent[3]).toMatchObject({ index: 0, delta: { citation: { url: 'https://a.example' } } });
  });

  test('empty text and thinking make no block; redacted thinking does', () => {
    const sent = encode([
      start,
      { type: 'part-start', ...at(0), kind: 'reasoning' },
      { type: 'part-end', ...at(0) },
      { type: 'part-start', ...at(1), kind: 'reasoning', redacted: true },
      { type: 'part-end', ...at(1), signature: { origin: 'anthropic-messages', value: 'r==' } },
      { type: 'part-start', ...at(2), kind: 'text' },
      { type: 'part-end', ...at(2) },
      ...end,
    ]);
    expectBlocksInOrder(sent);
    expect(sent.filter(({ type }) => type === 'content_block_start')).toEqual([
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'redacted_thinking', data: 'r==' },
      },
    ]);
  });

  test("another provider's signatures are marked; a tool call's stands behind it", () => {
    const sent = encode([
      start,
      { type: 'part-start', ...at(0), kind: 'reasoning' },
      { type: 'reasoning-delta', ...at(0), text: 'hm' },
      { type: 'part-end', ...at(0), signature: { origin: 'gemini', value: 'g1' } },
      call(1, 'a'),
      { type: 'part-end', ...at(1), signature: { origin: 'gemini', value: 'g2' } },
      ...end,
    ]);
    expectBlocksInOrder(sent);
    expect(sent[3]).toMatchObject({
      delta: { type: 'signature_delta', signature: 'zeke1.gemini.g1' },
    });
    expect(sent[7]).toMatchObject({
      content_block: { type: 'redacted_thinking', data: 'zeke1-tool.zeke1.gemini.g2' },
    });
  });

  test('a free-form call becomes an object; ids keep to the charset', () => {
    const sent = encode([
      start,
      {
        type: 'part-start',
        ...at(0),
        kind: 'tool-call',
        callId: 'a.b',
        name: 'patch',
        custom: true,
      },
      { type: 'arguments-delta', ...at(0), json: '*** Be' },
      { type: 'arguments-delta', ...at(0), json: 'gin' },
      { type: 'part-end', ...at(0) },
      ...end,
    ]);
    expect(sent[1]).toMatchObject({
      content_block: { id: expect.stringMatching(/^toolu_a_b_[0-9a-f]+$/) },
    });
    expect(sent[2]).toMatchObject({ delta: { partial_json: '{"input":"*** Begin"}' } });
  });

  test('a refusal is text and the stop reason; only the first choice is told', () => {
    const sent = encode([
      start,
      { type: 'part-start', choice: 1, part: 0, kind: 'text' },
      { type: 'text-delta', choice: 1, part: 0, text: 'other' },
      { type: 'part-start', ...at(0), kind: 'refusal' },
      { type: 'refusal-delta', ...at(0), text: 'No.' },
      { type: 'part-end', ...at(0) },
      { type: 'finish', choice: 1, reason: 'length' },
      ...end,
    ]);
    expect(JSON.stringify(sent)).not.toContain('other');
    expect(sent[2]).toMatchObject({ delta: { text: 'No.' } });
    expect(sent.at(-2)).toMatchObject({
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal' } },
    });
  });

  test('an error is told in the dialect', () => {
    const error = apiError('unavailable', 'try later', { reason: 'overloaded' });
    const events: ChatEvent[] = [start, { type: 'error', error }];
    for (const [context, request_id] of [
      [testContext, null],
      [{ ...testContext, requestId: 'req_1' }, 'req_1'],
    ] as const) {
      expect(encode(events, context).at(-1)).toEqual({
        type: 'error',
        error: { type: 'overloaded_error', message: 'try later' },
        request_id,
      });
    }
  });

  test('parts that never end are closed', () => {
    const sent = encode([start, call(0, 'a'), call(1, 'b'), ...end]);
    expectBlocksInOrder(sent);
    expect(sent.filter(({ type }) => type === 'content_block_stop')).toHaveLength(2);
  });

  test('very many waiting tool calls do not exhaust the stack', () => {
    const many: ChatEvent[] = [start, call(0, 'a')];
    for (let part = 1; part < 20_000; part++)
      many.push(call(part, 'b'), { type: 'part-end', ...at(part) });
    const encoder = createEventEncoder(testContext);
    for (const event of many) encoder.push(event);
    const flushed = encoder.push({ type: 'part-end', ...at(0) });
    expect(flushed.split('content_block_start"').length - 1).toBe(19_999);
  });
});

describe('any interleaving of tool calls', () => {
  test('gives blocks in order, with every argument in its own', () => {
    const calls = fc.array(fc.array(fc.constantFrom('{', '"a"', ':1', '}'), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(calls, fc.infiniteStream(fc.nat(9)), (chunks, picks) => {
        const sent = encode([start, ...interleaved(chunks, picks), ...end]);
        expectBlocksInOrder(sent);
        const told = chunks.map(() => '');
        for (const { type, index, delta } of sent) {
          if (type !== 'content_block_delta') continue;
          told[index ?? 0] += (delta as { partial_json: string }).partial_json;
        }
        expect(told).toEqual(chunks.map((pieces) => pieces.join('')));
      }),
    );
  });
});

/** Calls begin in their order; after that, what comes next of which call is picked freely. */
function interleaved(chunks: string[][], picks: Iterator<number>): ChatEvent[] {
  const waiting = chunks.map((pieces, part): ChatEvent[] => [
    ...pieces.map((json): ChatEvent => ({ type: 'arguments-delta', ...at(part), json })),
    { type: 'part-end', ...at(part) },
  ]);
  const events: ChatEvent[] = [];
  let begun = 0;
  while (begun < chunks.length || waiting.some((rest) => rest.length > 0)) {
    const pick = Number(picks.next().value);
    if (begun < chunks.length && (begun === 0 || pick < 3)) {
      events.push(call(begun, `call_${begun}`));
      begun++;
      continue;
    }
    const open = waiting.slice(0, begun).filter((rest) => rest.length > 0);
    const next = open[pick % Math.max(1, open.length)]?.shift();
    if (next) events.push(next);
  }
  return events;
}

describe('encodeResponse', () => {
  test('writes every field of a message', () => {
    const response: ChatResponse = {
      id: 'msg_own',
      model: 'x',
      createdAtMs: 0,
      choices: [
        {
          parts: [
            { type: 'text', text: '' },
            { type: 'text', text: 'See' },
            { type: 'tool-call', id: 'call_1', name: 'f', arguments: 'not json' },
            { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
          ],
          finishReason: 'stop',
        },
      ],
      usage: { input: 5, output: 6 },
    };
    expect(encodeResponse(response, testContext)).toEqual({
      id: 'msg_own',
      type: 'message',
      role: 'assistant',
      model: 'shown-model',
      container: null,
      diagnostics: null,
      content: [
        { type: 'text', text: 'See', citations: null },
        {
          type: 'tool_use',
          id: 'call_1',
          name: 'f',
          input: { input: 'not json' },
          caller: { type: 'direct' },
        },
        {
          type: 'text',
          text: '[an image of type image/png, which this API has no room for]',
          citations: null,
        },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 5,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 6,
        output_tokens_details: null,
        server_tool_use: null,
        inference_geo: null,
        service_tier: 'standard',
        speed: null,
      },
    });
  });
});
