import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import type { ModelMessage, ModelPart } from '../../model/model-client.ts';
import { checkConversation } from '../../testing/check-conversation.ts';
import { ScriptedModel } from '../../testing/scripted-model.ts';
import { contextPart } from '../context-part.ts';
import { TokenCounter } from '../tokens/token-counter.ts';
import { applyCompaction } from './apply-compaction.ts';
import { type CompactOptions, compact } from './compact.ts';

const { signal } = new AbortController();
const counter = new TokenCounter();
const summary = `## Goal\nMake the tests pass.\n## Files\n- src/a.ts: sum() is wrong`;

function optionsFor(client: ScriptedModel, maxTokens: number, force = false): CompactOptions {
  return {
    client,
    model: 'scripted/model',
    otherTokens: 100,
    budget: { maxTokens, force, countParts: (parts) => counter.countParts(parts, 'm') },
    extraParts: async () => [contextPart({ kind: 'plan' }, '- [ ] check it')],
  };
}

function summarizer(): ScriptedModel {
  return new ScriptedModel(() => ({ text: summary, costMicroUsd: 7 }));
}

function user(text: string): ModelMessage {
  return { role: 'user', parts: [{ type: 'text', text }] };
}

/** An answer with calls, and their results. */
function exchange(id: number, length: number, calls = 1): ModelMessage[] {
  const ids = Array.from({ length: calls }, (_, index) => `c${id}-${index}`);
  return [
    {
      role: 'assistant',
      parts: [
        { type: 'text', text: `step ${id}` },
        ...ids.map(
          (call): ModelPart => ({
            type: 'tool-call',
            id: call,
            name: 'read_file',
            arguments: `{"path":"src/${id}.ts"}`,
          }),
        ),
      ],
    },
    {
      role: 'user',
      parts: ids.map((callId) => ({
        type: 'tool-result',
        callId,
        isError: false,
        content: [{ type: 'text', text: `line of ${callId}\n`.repeat(length / 10) }],
      })),
    },
  ];
}

function fault(messages: readonly ModelMessage[]): string | undefined {
  return checkConversation({
    model: 'm',
    system: '',
    messages,
    tools: [{ name: 'read_file', description: '', parameters: { type: 'object' } }],
  });
}

const long = [
  user('Fix sum in src/a.ts, please.'),
  ...Array.from({ length: 30 }, (_, id) => exchange(id, 4_000)).flat(),
];

test('what fits stays as it is', async () => {
  const client = summarizer();
  const result = await compact(long, undefined, optionsFor(client, 1_000_000), signal);
  expect(result).toMatchObject({ isNew: false, record: undefined, notices: [] });
  expect(result.messages).toBe(long);
  expect(client.requests).toBeEmpty();
});

test('old results are cut first, without asking a model', async () => {
  const client = summarizer();
  const messages = [
    user('Look.'),
    ...Array.from({ length: 12 }, (_, id) => exchange(id, 30_000)).flat(),
  ];
  const maxTokens = Math.floor(
    counter.countParts(
      messages.flatMap(({ parts }) => parts),
      'm',
    ) * 1.1,
  );
  const result = await compact(messages, undefined, optionsFor(client, maxTokens), signal);
  expect(result.isNew).toBe(true);
  expect(result.record).toMatchObject({ covers: 0, head: [] });
  expect(result.record?.cutCallIds.length).toBe(8);
  expect(result.messages).toHaveLength(messages.length);
  expect(result.tokensAfter).toBeLessThan(result.tokensBefore * 0.65);
  expect(JSON.stringify(result.messages[2])).toContain('characters are cut here');
  expect(result.messages.at(-1)).toEqual(messages.at(-1)!);
  expect(fault(result.messages)).toBeUndefined();
  expect(client.requests).toBeEmpty();
});

describe('a summary', () => {
  test('stands for the beginning, with the words of the user and the plan', async () => {
    const client = summarizer();
    const result = await compact(long, undefined, optionsFor(client, 20_000), signal);
    expect(fault(result.messages)).toBeUndefined();
    const head = result.messages[0]!;
    expect(head.parts.map((part) => (part.type === 'text' ? part.text : ''))).toEqual([
      expect.stringContaining(summary),
      'Fix sum in src/a.ts, please.',
      expect.stringContaining('- [ ] check it'),
    ]);
    expect(result.tokensAfter).toBeLessThan(20_000);
    expect(result.usage).toMatchObject({ outputTokens: 10, costMicroUsd: 7 });
    expect(result.messages.at(-1)).toBe(long.at(-1)!);
    const asked = JSON.stringify(client.requests[0]!.messages);
    expect(asked).toContain('calls read_file');
    expect(asked).toContain('Fix sum');
  });

  test('is kept and handed in again until the room is used up; the next one takes it in', async () => {
    const client = summarizer();
    const first = await compact(long, undefined, optionsFor(client, 20_000), signal);
    const second = await compact(long, first.record, optionsFor(client, 20_000), signal);
    expect(second).toMatchObject({ isNew: false, record: first.record });
    expect(second.messages).toEqual(first.messages);
    const more = [
      ...long,
      ...Array.from({ length: 30 }, (_, id) => exchange(id + 100, 4_000)).flat(),
    ];
    const third = await compact(more, first.record, optionsFor(client, 20_000), signal);
    expect(third.isNew).toBe(true);
    expect(third.record!.covers).toBeGreaterThan(first.record!.covers);
    expect(JSON.stringify(client.requests[1]!.messages)).toContain('sum() is wrong');
    expect(JSON.stringify(third.messages[0]).split('Fix sum').length).toBe(2);
    expect(fault(third.messages)).toBeUndefined();
  });

  test('is undone by leaving the record away', async () => {
    const { record } = await compact(long, undefined, optionsFor(summarizer(), 20_000), signal);
    expect(applyCompaction(long, record)).not.toEqual(long);
    expect(applyCompaction(long, undefined)).toBe(long);
  });

  test('of messages that are no more, as after going back, counts for nothing', async () => {
    const { record } = await compact(long, undefined, optionsFor(summarizer(), 20_000), signal);
    const short = long.slice(0, 3);
    expect(applyCompaction(short, record)).toBe(short);
    const result = await compact(short, record, optionsFor(summarizer(), 20_000), signal);
    expect(result.record).toBeUndefined();
  });

  test('is made when forced, whatever the size', async () => {
    const result = await compact(long, undefined, optionsFor(summarizer(), 1e6, true), signal);
    expect(result.isNew).toBe(true);
    expect(result.record!.covers).toBeGreaterThan(0);
  });
});

describe('where no summary can be had, the calls are told and a notice says so:', () => {
  test.each([
    ['the model fails', { error: new RpcError('unavailable', 'the provider is down') }, 'down'],
    [
      'it refuses',
      { text: 'I cannot help with that, and I will not.'.repeat(3), finish: 'refusal' },
      'refusal',
    ],
    ['it says nothing', { text: '' }, 'no summary'],
  ] as const)('%s', async (_, turn, reason) => {
    const client = new ScriptedModel(() => turn);
    const result = await compact(long, undefined, optionsFor(client, 20_000), signal);
    expect(fault(result.messages)).toBeUndefined();
    expect(result.notices).toEqual([expect.stringContaining(reason)]);
    expect(JSON.stringify(result.messages[0])).toContain('read_file');
    expect(JSON.stringify(result.messages[0])).toContain('Fix sum in src/a.ts, please.');
    expect(result.tokensAfter).toBeLessThan(20_000);
  });
});

test('a canceled summary throws', async () => {
  const controller = new AbortController();
  const client = new ScriptedModel(() => ({ hangs: true }));
  const result = compact(long, undefined, optionsFor(client, 20_000), controller.signal);
  controller.abort();
  await expect(result).rejects.toMatchObject({ code: 'canceled' });
});

test('one message that is too long alone is told, and left', async () => {
  const messages = [user('word '.repeat(20_000))];
  const result = await compact(messages, undefined, optionsFor(summarizer(), 5_000), signal);
  expect(result.messages).toBe(messages);
  expect(result.notices).toEqual([expect.stringContaining('begin a new session')]);
});

test('results of the last exchange are cut where there is nothing else', async () => {
  const messages = [user('Look.'), ...exchange(1, 200_000, 2)];
  const result = await compact(messages, undefined, optionsFor(summarizer(), 20_000), signal);
  expect(result.tokensAfter).toBeLessThan(20_000);
  expect(fault(result.messages)).toBeUndefined();
});

test('what stood for mentions is not taken for the words of the user', async () => {
  const parts = [
    { type: 'text', text: 'See @a.ts' } as const,
    contextPart({ kind: 'file' }, 'let secretPlan'),
  ];
  const messages = [{ role: 'user', parts } as const, ...long.slice(1)];
  const result = await compact(messages, undefined, optionsFor(summarizer(), 20_000), signal);
  expect(JSON.stringify(result.messages[0])).toContain('See @a.ts');
  expect(JSON.stringify(result.messages[0])).not.toContain('secretPlan');
});

test('any conversation is valid afterwards, keeps its end, and gets no longer', async () => {
  const turn = fc.oneof(
    fc.record({ kind: fc.constant('said' as const), length: fc.nat(3_000) }),
    fc.record({
      kind: fc.constant('calls' as const),
      length: fc.nat(20_000),
      calls: fc.integer({ min: 1, max: 3 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(turn, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 500, max: 30_000 }),
      fc.boolean(),
      async (turns, maxTokens, force) => {
        const messages = [user('goal')];
        for (const [id, item] of turns.entries()) {
          if (item.kind === 'calls') messages.push(...exchange(id, item.length + 10, item.calls));
          else {
            messages.push({ role: 'assistant', parts: [{ type: 'text', text: 'done' }] });
            messages.push(user(`and ${id} ${'x y '.repeat(item.length / 4)}`));
          }
        }
        let record: Awaited<ReturnType<typeof compact>>['record'];
        for (let length = 1; length <= messages.length; length += 4) {
          const soFar = messages.slice(0, length);
          const result = await compact(
            soFar,
            record,
            optionsFor(summarizer(), maxTokens, force),
            signal,
          );
          expect(fault(result.messages)).toBeUndefined();
          expect(result.messages.at(-1)!.role).toBe('user');
          if (result.isNew) expect(result.messages.length).toBeLessThanOrEqual(soFar.length);
          expect(applyCompaction(soFar, result.record)).toEqual(result.messages);
          record = result.record;
        }
      },
    ),
    { numRuns: 60 },
  );
});
