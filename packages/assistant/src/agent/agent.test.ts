import { expect, test } from 'bun:test';
import { RpcError, retryInfo } from '@zeke/rpc';
import type { ModelPart } from '../model/model-client.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import type { AgentEvent } from './agent-event.ts';
import { agentFixture, readTool, said, writeCall } from './testing/agent-fixture.ts';

function only<Type extends AgentEvent['type']>(
  events: readonly AgentEvent[],
  type: Type,
): Extract<AgentEvent, { type: Type }>[] {
  return events.filter(
    (event): event is Extract<AgentEvent, { type: Type }> => event.type === type,
  );
}

test('plan, act, verify: each answer is told, each result kept before the next question', async () => {
  const model = new ScriptedModel([
    {
      text: 'I look.',
      reasoning: 'hm',
      signature: 's',
      calls: [{ name: 'read', arguments: { path: 'a.txt' } }],
    },
    { text: 'I write.', calls: [writeCall('a.txt', 'two\n')], costMicroUsd: 300 },
    { calls: [{ name: 'read', arguments: { path: 'a.txt' } }], costMicroUsd: 200 },
    { text: 'It says two now.' },
  ]);
  await using zeke = await agentFixture(model);
  await zeke.write('a.txt', 'one\n');
  const events = await zeke.run('make it two');
  expect(events[0]).toMatchObject({ type: 'start', model: 'scripted/model' });
  expect(only(events, 'step').map(({ step, status }) => [step, status])).toEqual([
    [1, 'planning'],
    [1, 'planning'],
    [2, 'planning'],
    [2, 'executing'],
    [3, 'verifying'],
    [3, 'verifying'],
    [4, 'verifying'],
  ]);
  expect(
    only(events, 'text')
      .map(({ text }) => text)
      .join(''),
  ).toBe('I look.I write.It says two now.');
  const results = only(events, 'tool-result');
  expect(results.map(({ text }) => text)).toEqual(['one\n', 'written', 'two\n']);
  expect(results[1]?.changes).toMatchObject([{ path: 'a.txt', linesAdded: 1, linesRemoved: 1 }]);
  expect(events.at(-1)).toEqual({
    type: 'end',
    status: 'completed',
    reason: 'done',
    message: 'It says two now.',
    usage: {
      steps: 4,
      inputTokens: 400,
      outputTokens: 40,
      cachedInputTokens: 0,
      costMicroUsd: 500,
    },
  });
  const [, second] = model.requests;
  expect(second?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(second?.messages[1]?.parts[0]).toEqual({ type: 'reasoning', text: 'hm', signature: 's' });
  expect(second?.system).toContain('Mode: full');
  const [session] = await zeke.sessions.list();
  expect(session).toMatchObject({ title: 'make it two', agent: 'build', isRunning: false });
});

test('calls that only read run beside each other, those that change in order', async () => {
  const model = new ScriptedModel([
    {
      calls: [
        { name: 'meet', arguments: { who: 'a' } },
        { name: 'meet', arguments: { who: 'b' } },
        writeCall('x', '1'),
        writeCall('x', '2'),
        { name: 'read', arguments: { path: 'x' } },
      ],
    },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  // Each waits for the other one, so that one after the other would never end.
  expect(only(events, 'tool-result').map(({ text }) => text)).toEqual([
    'a met b',
    'b met a',
    'written',
    'written',
    '2',
  ]);
});

test('broken arguments, unknown tools and faults of tools are told to the model', async () => {
  const model = new ScriptedModel([
    {
      calls: [
        { name: 'read', arguments: '{"path": "a' },
        { name: 'reed', arguments: '{}' },
        { name: 'read', arguments: { file: 'a' } },
        { name: 'what is this?', arguments: '{}' },
        { name: 'breaks', arguments: '{}' },
      ],
    },
    { text: 'I see.' },
  ]);
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  const texts = only(events, 'tool-result').map(({ text, isError }) => `${isError} ${text}`);
  expect(texts[0]).toContain('true read: the arguments are not valid JSON');
  expect(texts[1]).toBe('true There is no tool reed. Did you mean read?');
  expect(texts[2]).toContain('read: path: ');
  expect(texts[3]).toBe('true There is no tool what_is_this_.');
  expect(texts[4]).toContain('true The tool failed: ');
  expect(zeke.defects).toEqual(['breaks: Error: a defect']);
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'I see.' });
});

test('a provider that has no room is asked again after the time it wants; nothing is told twice', async () => {
  const busy = new RpcError('resource_exhausted', 'too many requests', {
    details: [retryInfo(7_000)],
  });
  const model = new ScriptedModel([
    { error: busy },
    { reasoning: 'hm', error: new RpcError('unavailable', 'gone', { retryable: true }) },
    { text: 'here' },
  ]);
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  expect(zeke.waits).toEqual([7_000, 1_000]);
  expect(only(events, 'notice').map(({ text }) => text)).toEqual([
    'too many requests; asked again in 7 s',
    'gone; asked again in 1 s',
  ]);
  expect(only(events, 'text').map(({ text }) => text)).toEqual(['here']);
});

test('what asking again does not mend ends the run, as does a provider that is gone for good', async () => {
  for (const [error, waits] of [
    [new RpcError('unauthenticated', 'the key is refused'), 0],
    [new RpcError('unavailable', 'nobody is there', { retryable: true }), 4],
    [new RpcError('unavailable', 'come tomorrow', { details: [retryInfo(86_400_000)] }), 0],
  ] as const) {
    await using zeke = await agentFixture(new ScriptedModel(() => ({ error })));
    const end = (await zeke.run('go')).at(-1);
    expect(end).toMatchObject({ status: 'failed', reason: 'model-failed', message: error.message });
    expect(zeke.waits).toHaveLength(waits);
  }
});

test('a stream that is cut goes on where it ended', async () => {
  const model = new ScriptedModel([
    {
      text: 'The first half',
      error: new RpcError('unavailable', 'cut', { retryable: true }),
    },
    { text: ' and the second.' },
  ]);
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  expect(
    only(events, 'text')
      .map(({ text }) => text)
      .join(''),
  ).toBe('The first half and the second.');
  const last = model.requests[1]?.messages.at(-1)?.parts[0] as ModelPart & { text: string };
  expect(last.text).toContain('Go on exactly where it ends');
  expect(events.at(-1)).toMatchObject({ status: 'completed' });
});

test('answers that are cut for length go on, with what was whole', async () => {
  const model = new ScriptedModel([
    {
      calls: [writeCall('a', '1'), { name: 'write', arguments: '{"path":"b","text":"lo' }],
      finish: 'length',
    },
    { text: 'half', finish: 'length' },
    { text: 'done', finish: 'stop' },
  ]);
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  expect(only(events, 'tool-result').map(({ isError }) => isError)).toEqual([false, true]);
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'done' });
  await using endless = await agentFixture(
    new ScriptedModel(() => ({ text: 'x', finish: 'length' })),
  );
  expect((await endless.run('go')).at(-1)).toMatchObject({ reason: 'model-failed' });
});

test('an empty answer is asked about; a pause goes on; a refusal and a filter end the run', async () => {
  await using zeke = await agentFixture(
    new ScriptedModel([{}, { text: 'wait', finish: 'pause' }, { text: 'done' }]),
  );
  expect((await zeke.run('go')).at(-1)).toMatchObject({ status: 'completed', message: 'done' });
  await using refusing = await agentFixture(
    new ScriptedModel([
      { text: 'I will not.', finish: 'refusal' },
      { text: 'fine', calls: [writeCall('a', '1')], finish: 'content-filter' },
      { text: 'done' },
    ]),
  );
  expect((await refusing.run('go')).at(-1)).toMatchObject({
    reason: 'refused',
    message: 'the model refused: I will not.',
  });
  const [{ id: sessionId = '' } = {}] = await refusing.sessions.list();
  expect((await refusing.run('again', { sessionId })).at(-1)).toMatchObject({ reason: 'refused' });
  expect((await refusing.run('and now', { sessionId })).at(-1)).toMatchObject({ reason: 'done' });
});

test('the same failing call three times ends the run; a change in between is another try', async () => {
  const fail = { calls: [{ name: 'read', arguments: { path: 'nowhere' } }] };
  await using zeke = await agentFixture(new ScriptedModel([fail, fail, fail]));
  expect((await zeke.run('go')).at(-1)).toMatchObject({
    status: 'failed',
    reason: 'repeated-failure',
    message: 'read nowhere failed three times in the same way: there is no nowhere',
  });
  const change = (text: string) => ({ calls: [writeCall('a', text)] });
  await using other = await agentFixture(
    new ScriptedModel([
      fail,
      change('1'),
      fail,
      change('2'),
      fail,
      change('3'),
      fail,
      { text: 'no' },
    ]),
  );
  expect((await other.run('go')).at(-1)).toMatchObject({ status: 'completed' });
});

test('the same call with the same result is warned about', async () => {
  const look = { calls: [{ name: 'read', arguments: { path: 'a' } }] };
  await using zeke = await agentFixture(new ScriptedModel([look, look, look, { text: 'ok' }]));
  await zeke.write('a', '1');
  const results = only(await zeke.run('go'), 'tool-result');
  expect(results.map(({ text }) => text.includes('do something else'))).toEqual([
    false,
    false,
    true,
  ]);
});

test.each([
  [{ maxSteps: 3 }, 'max-steps', 3],
  [{ maxTokens: 220 }, 'max-tokens', 2],
  [{ budgetMicroUsd: 500 }, 'budget', 2],
] as const)('limits end a run: %j', async (limits, reason, steps) => {
  const model = new ScriptedModel((request, index) =>
    request.toolChoice === 'none'
      ? { text: 'half of it is done' }
      : { calls: [writeCall(`f${index}`, 'x')], costMicroUsd: 250 },
  );
  await using zeke = await agentFixture(model);
  const end = (await zeke.run('go', { limits })).at(-1);
  expect(end).toMatchObject({ type: 'end', status: 'failed', reason, usage: { steps } });
  expect(end?.type === 'end' && end.message).toContain('Changed so far: f0, f1');
  expect(end?.type === 'end' && end.message.startsWith('half of it')).toBe(reason === 'max-steps');
});

test('a run whose budget cannot be kept does not begin, or ends where that shows', async () => {
  const limits = { budgetMicroUsd: 5_000 };
  const model = new ScriptedModel([{ calls: [writeCall('a', '1')] }, { text: 'done' }]);
  await using blind = await agentFixture(model);
  expect((await blind.run('go', { limits })).at(-1)).toMatchObject({
    reason: 'budget',
    message: said('nobody knows what an answer cost: the budget cannot be kept'),
    usage: { steps: 1 },
  });
  const estimateCost = async (): Promise<undefined> => undefined;
  await using unpriced = await agentFixture(model, { options: { estimateCost } });
  expect((await unpriced.run('go', { limits })).at(-1)).toMatchObject({
    reason: 'budget',
    message: said('nobody knows what scripted/model costs'),
    usage: { steps: 0 },
  });
});

test('what an answer cost is estimated where it does not say', async () => {
  const model = new ScriptedModel((_, index) => ({ calls: [writeCall(`f${index}`, 'x')] }));
  const estimateCost = async (name: string, { inputTokens = 0 }): Promise<number | undefined> =>
    name === 'scripted/model' && inputTokens > 0 ? 200 : undefined;
  await using zeke = await agentFixture(model, { options: { estimateCost } });
  const end = (await zeke.run('go', { limits: { budgetMicroUsd: 500 } })).at(-1);
  expect(end).toMatchObject({ reason: 'budget', usage: { steps: 3, costMicroUsd: 600 } });
});

test('a run that takes too long is stopped, in an answer or in a tool, and can go on', async () => {
  const model = new ScriptedModel([
    { text: 'I think ', hangs: true },
    { calls: [{ name: 'hang', arguments: {} }, writeCall('a', '1')] },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model);
  const first = await zeke.run('go', { limits: { timeoutMs: 30 } });
  expect(first.at(-1)).toMatchObject({ status: 'failed', reason: 'timeout' });
  const [{ id: sessionId = '' } = {}] = await zeke.sessions.list();
  const second = await zeke.run('on', { sessionId, limits: { timeoutMs: 30 } });
  expect(second.at(-1)).toMatchObject({ reason: 'timeout' });
  const third = await zeke.run(undefined, { sessionId });
  expect(third.at(-1)).toMatchObject({ status: 'completed', message: 'done' });
  const texts = JSON.stringify(model.requests.at(-1)?.messages);
  expect(texts).toContain('The call was canceled before it was done');
  expect(texts).toContain('It was not run: the run was canceled.');
});

test('a reader that leaves, an interrupt and the signal cancel a run', async () => {
  await using zeke = await agentFixture(
    new ScriptedModel(() => ({ text: 'I think', hangs: true })),
  );
  for await (const event of zeke.start('go')) if (event.type === 'text') break;
  const [{ id: sessionId = '', isRunning } = {}] = await zeke.sessions.list();
  expect(isRunning).toBe(false);
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('again', { sessionId })) {
    events.push(event);
    if (event.type === 'text') zeke.agent.interrupt(sessionId);
  }
  expect(events.at(-1)).toMatchObject({
    status: 'canceled',
    message: 'the user interrupted the run',
  });
  expect(zeke.agent.interrupt(sessionId)).toBe(false);
  const controller = new AbortController();
  const more: AgentEvent[] = [];
  for await (const event of zeke.start('more', { sessionId }, controller.signal)) {
    more.push(event);
    if (event.type === 'text') controller.abort();
  }
  expect(more.at(-1)).toMatchObject({ status: 'canceled', reason: 'canceled' });
});

test('words of the user are taken up before the next step', async () => {
  const model = new ScriptedModel([
    { calls: [{ name: 'read', arguments: { path: 'a' } }] },
    { text: 'as you say' },
  ]);
  await using zeke = await agentFixture(model);
  await zeke.write('a', '1');
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    if (event.type === 'start') zeke.agent.steer(event.sessionId, 'in English');
    if (event.type === 'tool-result') zeke.agent.steer(zeke.lastSession, 'and short');
  }
  expect(only(events, 'steered').map(({ text }) => text)).toEqual(['in English', 'and short']);
  expect(model.requests[1]?.messages.at(-1)?.parts).toMatchObject([
    { type: 'tool-result' },
    { type: 'text', text: 'and short' },
  ]);
});

test('one run at a time in a session', async () => {
  await using zeke = await agentFixture(new ScriptedModel(() => ({ text: 'x', hangs: true })));
  for await (const event of zeke.start('go')) {
    if (event.type !== 'start') continue;
    await expect(zeke.run('too', { sessionId: event.sessionId })).rejects.toMatchObject({
      code: 'failed_precondition',
    });
    break;
  }
});

test('without a session, a project, an instruction or an agent of that name nothing begins', async () => {
  await using zeke = await agentFixture(new ScriptedModel([]));
  await expect(zeke.run('go', { agent: 'bild' })).rejects.toThrow('did you mean build?');
  await expect(zeke.run('go', { sessionId: 'gone' })).rejects.toMatchObject({ code: 'not_found' });
  expect((await zeke.run(undefined)).at(-1)).toMatchObject({
    status: 'failed',
    message: 'there is nothing to do: say what, by an instruction',
  });
});

test('ids that a provider uses again are made new', async () => {
  const again = {
    calls: [
      { ...writeCall('a', '1'), id: 'call_0' },
      { ...writeCall('b', '1'), id: 'call_0' },
    ],
  };
  const model = new ScriptedModel([again, again, { text: 'done' }]);
  await using zeke = await agentFixture(model);
  expect((await zeke.run('go')).at(-1)).toMatchObject({ status: 'completed' });
});

test('checks that fail are given back; the outcome is told', async () => {
  const model = new ScriptedModel([
    { calls: [writeCall('a', 'bad')] },
    { text: 'done' },
    { calls: [writeCall('a', 'good')] },
    { text: 'now' },
  ]);
  await using zeke = await agentFixture(model);
  const verify = ['a is good'];
  const events = await zeke.run('go', { verify });
  expect(JSON.stringify(model.requests[2]?.messages.at(-1))).toContain('`a is good` failed');
  expect(events.at(-1)).toMatchObject({
    status: 'completed',
    message: 'now\n\nChecks passed: a is good.',
  });
  const stubborn = new ScriptedModel((_, index) =>
    index === 0 ? { calls: [writeCall('a', 'bad')] } : { text: 'done' },
  );
  await using other = await agentFixture(stubborn);
  const end = (await other.run('go', { verify })).at(-1);
  expect(end).toMatchObject({ status: 'failed', reason: 'repeated-failure' });
  expect(stubborn.requests).toHaveLength(5);
  await using idle = await agentFixture(new ScriptedModel([{ text: 'nothing to do' }]));
  expect((await idle.run('go', { verify })).at(-1)).toMatchObject({ message: 'nothing to do' });
});

test('many tools of servers are found by a search and called from then on', async () => {
  const model = new ScriptedModel([
    { calls: [{ name: 'search_tools', arguments: { query: 'send a letter' } }] },
    { calls: [{ name: 'mail__send_letter', arguments: { path: 'a' } }] },
    { text: 'sent' },
  ]);
  const deferrable = ['mail__send_letter', 'mail__read', 'calendar__list'].map((name) => ({
    ...readTool(name),
    description: `${name.replaceAll('_', ' ')} ${'and much more '.repeat(4_000)}`,
  }));
  await using zeke = await agentFixture(model, { deferrable });
  await zeke.write('a', 'dear');
  const results = only(await zeke.run('send'), 'tool-result');
  expect(results[1]).toMatchObject({ text: 'dear', isError: false });
  const names = model.requests.map(({ tools = [] }) => tools.map(({ name }) => name));
  expect(names[0]).toContain('search_tools');
  expect(names[0]).not.toContain('mail__send_letter');
  expect(names[1]).toContain('mail__send_letter');
  expect(names[1]).not.toContain('calendar__list');
});

test('a window that stays full ends the run', async () => {
  await using zeke = await agentFixture(new ScriptedModel(() => ({ finish: 'context-length' })));
  expect((await zeke.run('go')).at(-1)).toMatchObject({
    reason: 'model-failed',
    message: said('does not fit'),
  });
});
