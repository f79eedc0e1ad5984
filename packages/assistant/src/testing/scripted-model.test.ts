import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import type { ModelEvent, ModelMessage, ModelPart, ModelRequest } from '../model/model-client.ts';
import { checkConversation } from './check-conversation.ts';
import { ScriptedModel } from './scripted-model.ts';

const text = (words: string): ModelPart => ({ type: 'text', text: words });
const user = (...parts: ModelPart[]): ModelMessage => ({ role: 'user', parts });
const assistant = (...parts: ModelPart[]): ModelMessage => ({ role: 'assistant', parts });
const call = (id: string): ModelPart => ({ type: 'tool-call', id, name: 'look', arguments: '{}' });
const result = (callId: string): ModelPart => ({
  type: 'tool-result',
  callId,
  isError: false,
  content: [{ type: 'text', text: 'seen' }],
});
const look = { name: 'look', description: 'Looks.', parameters: { type: 'object' } };

function ask(...messages: ModelMessage[]): ModelRequest {
  return { model: 'scripted/model', system: '', messages, tools: [look] };
}

async function eventsOf(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const signal = new AbortController().signal;

test('a turn comes as a stream: thoughts, text, calls that overlap, the end', async () => {
  const model = new ScriptedModel(
    [
      {
        reasoning: 'hm',
        signature: 's',
        text: 'look',
        calls: [
          { name: 'look', arguments: { at: 1 } },
          { name: 'look', arguments: '{broken' },
        ],
        costMicroUsd: 7,
      },
    ],
    { pieceLength: 4 },
  );
  expect(await eventsOf(model.generate(ask(user(text('hi'))), signal))).toEqual([
    { type: 'reasoning', text: 'hm' },
    { type: 'reasoning-end', signature: 's' },
    { type: 'text', text: 'look' },
    { type: 'tool-call', index: 0, id: 'call_1', name: 'look' },
    { type: 'tool-call', index: 1, id: 'call_2', name: 'look' },
    { type: 'tool-arguments', index: 0, json: '{"at' },
    { type: 'tool-arguments', index: 1, json: '{bro' },
    { type: 'tool-arguments', index: 0, json: '":1}' },
    { type: 'tool-arguments', index: 1, json: 'ken' },
    {
      type: 'finish',
      reason: 'tool-calls',
      usage: { inputTokens: 100, outputTokens: 10 },
      costMicroUsd: 7,
    },
  ]);
  expect(model.turnsLeft).toBe(0);
  const more = eventsOf(model.generate(ask(user(text('hi'))), signal));
  await expect(more).rejects.toThrow('the script has 1 turns');
});

test('an answer breaks off, and one that hangs ends with its signal', async () => {
  const controller = new AbortController();
  const model = new ScriptedModel([
    { text: 'half', error: new RpcError('unavailable', 'cut') },
    { text: 'half', hangs: true },
  ]);
  await expect(eventsOf(model.generate(ask(user(text('hi'))), signal))).rejects.toThrow('cut');
  const told: string[] = [];
  const hanging = (async () => {
    for await (const event of model.generate(ask(user(text('hi'))), controller.signal)) {
      told.push(event.type);
      controller.abort();
    }
  })();
  await expect(hanging).rejects.toMatchObject({ code: 'canceled' });
  expect(told).toEqual(['text']);
});

test('it fills from its script', async () => {
  const model = new ScriptedModel([], { fill: ({ prefix }) => `${prefix}!` });
  const events = model.fill({ model: 'm', prefix: 'a', suffix: '', maxOutputTokens: 1 }, signal);
  expect((await Array.fromAsync(events))[0]).toEqual({ type: 'text', text: 'a!' });
});

test.each<[string, ModelMessage[]]>([
  ['there are no messages', []],
  ['message 1 is of the assistant', [assistant(text('a'))]],
  ['message 2 is of the user', [user(text('a')), user(text('b'))]],
  ["the last message is not the user's", [user(text('a')), assistant(text('b'))]],
  ['message 1 is empty', [user()]],
  ['message 1 has a blank text', [user(text(' '))]],
  ['message 1 of the user has a tool-call', [user(call('1'))]],
  [
    'message 2 ends in a thought',
    [user(text('a')), assistant({ type: 'reasoning', text: 'hm' }), user(text('b'))],
  ],
  [
    'message 2 has an empty thought',
    [user(text('a')), assistant({ type: 'reasoning', text: '' }, text('b')), user(text('b'))],
  ],
  [
    'message 3: no result of 2',
    [user(text('a')), assistant(call('1'), call('2')), user(result('1'))],
  ],
  ['result of 1, which is not open', [user(result('1'))]],
  [
    'stands after other parts',
    [user(text('a')), assistant(call('1')), user(text('b'), result('1'))],
  ],
  [
    'the id 1 is used twice',
    [
      user(text('a')),
      assistant(call('1')),
      user(result('1')),
      assistant(call('1')),
      user(result('1')),
    ],
  ],
])('a request is refused: %s', (fault, messages) => {
  expect(checkConversation(ask(...messages))).toContain(fault);
});

test('a conversation with calls is valid, and needs tools', () => {
  const request = ask(user(text('a')), assistant(call('1')), user(result('1'), text('b')));
  expect(checkConversation(request)).toBeUndefined();
  expect(checkConversation({ ...request, tools: [] })).toContain('there are no tools');
  expect(checkConversation({ ...request, tools: [look, look] })).toBe('there are two tools look');
});
