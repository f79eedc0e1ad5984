import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { agentFixture, writeCall } from '../agent/testing/agent-fixture.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { Chat, type ChatRequest, type ChatUpdate } from './chat.ts';

const never = new AbortController().signal;

interface ChatFixture extends AsyncDisposable {
  readonly zeke: Awaited<ReturnType<typeof agentFixture>>;
  send(request: Partial<ChatRequest> | string): Promise<ChatUpdate[]>;
}

async function chatFixture(model: ScriptedModel): Promise<ChatFixture> {
  const zeke = await agentFixture(model);
  const { snapshots: _, worktrees: __, ...options } = zeke.options;
  const chat = new Chat({ ...options, folder: join(zeke.home, 'chat') });
  return {
    zeke,
    send: (request) => {
      const rest =
        typeof request === 'string'
          ? { messages: [{ role: 'user' as const, content: request }] }
          : request;
      return Array.fromAsync(chat.send({ messages: [], model: 'scripted/model', ...rest }, never));
    },
    [Symbol.asyncDispose]: () => zeke[Symbol.asyncDispose](),
  };
}

function textOf(updates: readonly ChatUpdate[]): string {
  return updates.map(({ delta }) => delta).join('');
}

test('an answer comes in pieces, the last one says what it took; the session goes on', async () => {
  const model = new ScriptedModel([
    { reasoning: 'hm', text: 'Hello, what is your name?', costMicroUsd: 5 },
    { text: 'Hello Ada.' },
  ]);
  await using chat = await chatFixture(model);
  const first = await chat.send('hello');
  expect(textOf(first)).toBe('Hello, what is your name?');
  expect(first[0]).toMatchObject({ reasoning: 'hm', done: false });
  expect(first.at(-1)).toMatchObject({
    done: true,
    finishReason: 'stop',
    usage: { steps: 1, costMicroUsd: 5 },
  });
  expect(first.filter(({ done }) => done)).toHaveLength(1);
  const sessionId = first[0]?.sessionId ?? '';
  const messages = [{ role: 'user' as const, content: 'Ada' }];
  expect(textOf(await chat.send({ sessionId, messages }))).toBe('Hello Ada.');
  expect(model.requests[1]?.messages).toHaveLength(3);
  expect(model.requests[1]?.tools).toBeUndefined();
  expect((await chat.zeke.sessions.info(sessionId)).title).toBe('hello');
});

test('a whole conversation may be sent, with words on what the model is to be', async () => {
  const model = new ScriptedModel([{ text: 'four' }]);
  await using chat = await chatFixture(model);
  await chat.send({
    messages: [
      { role: 'system', content: 'Answer in words.' },
      { role: 'user', content: 'one and one?' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'two and two?' },
    ],
  });
  expect(model.requests[0]?.system).toEndWith('Answer in words.');
  expect(model.requests[0]?.messages.map(({ parts }) => parts)).toMatchObject([
    [{ text: 'one and one?' }],
    [{ text: 'two' }],
    [{ text: 'two and two?' }],
  ]);
});

test('with a project the model may read, and nothing else', async () => {
  const model = new ScriptedModel([
    { calls: [{ name: 'read', arguments: { path: 'a' } }, writeCall('a', '2')] },
    { text: 'It says one.' },
  ]);
  await using chat = await chatFixture(model);
  const { root } = chat.zeke;
  await chat.zeke.write('a', 'one');
  const place = { project: { root, name: 'shop' }, cwd: root };
  const updates = await chat.send({
    place,
    messages: [{ role: 'user', content: 'what does a say?' }],
  });
  expect(updates.flatMap(({ activity = [] }) => activity)).toEqual(['read a', 'write a']);
  expect(await chat.zeke.read('a')).toBe('one');
  expect(model.requests[0]?.tools?.map(({ name }) => name)).not.toContain('write');
});

test('a limit of length, a refusal and failures are told for what they are', async () => {
  const model = new ScriptedModel([
    { text: 'half', finish: 'length' },
    { text: 'no', finish: 'refusal' },
    { error: new RpcError('unauthenticated', 'the key is refused') },
    { hangs: true },
  ]);
  await using chat = await chatFixture(model);
  const messages = [{ role: 'user' as const, content: 'go' }];
  const cut = await chat.send({ messages, maxTokens: 5 });
  expect(cut.at(-1)?.finishReason).toBe('length');
  expect(model.requests[0]?.maxOutputTokens).toBe(5);
  expect((await chat.send('go')).at(-1)?.finishReason).toBe('refusal');
  await expect(chat.send('go')).rejects.toThrow('the key is refused');
  await expect(chat.send({ messages, timeoutMs: 20 })).rejects.toMatchObject({
    code: 'deadline_exceeded',
  });
});

test.each<[string, ChatRequest['messages']]>([
  ["the last one is not the user's", []],
  ["the last one is not the user's", [{ role: 'assistant', content: 'hi' }]],
  ['the last one is empty', [{ role: 'user', content: ' ' }]],
])('messages are refused: %s', async (fault, messages) => {
  await using chat = await chatFixture(new ScriptedModel([]));
  await expect(chat.send({ messages })).rejects.toThrow(fault);
});
