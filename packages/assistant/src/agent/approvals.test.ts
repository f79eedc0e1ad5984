import { expect, test } from 'bun:test';
import { ScriptedModel } from '../testing/scripted-model.ts';
import type { AgentEvent, Decision } from './agent-event.ts';
import type { PermissionJudge } from './permission-judge.ts';
import { agentFixture, said, writeCall } from './testing/agent-fixture.ts';

interface Asking extends PermissionJudge {
  readonly remembered: [Decision, readonly string[]][];
}

/** Reading is allowed, writing is asked about, `secret` is denied. */
function asking(): Asking {
  const remembered: Asking['remembered'] = [];
  return {
    remembered,
    judge: async (_, actions) => {
      const path = actions.map((action) => ('path' in action ? action.path : '')).join();
      if (path.endsWith('secret')) return { verdict: 'deny', reason: 'a rule', remembers: [] };
      const writes = actions.some(({ kind }) => kind === 'write');
      const isRemembered = remembered.some(([decision]) => decision !== 'allow_once');
      const verdict = writes && !isRemembered ? 'ask' : 'allow';
      return { verdict, reason: 'writing is asked about', remembers: ['write(*)'] };
    },
    remember: async (decision, remembers) => void remembered.push([decision, remembers]),
  };
}

test('a call waits for its answer, and is told with what it would change', async () => {
  const judge = asking();
  const model = new ScriptedModel([
    { calls: [writeCall('a', '1')] },
    { calls: [writeCall('b', '2')] },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model, { judge });
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    if (event.type !== 'approval') continue;
    expect(event).toMatchObject({
      title: 'write a',
      reason: 'writing is asked about',
      actions: [{ kind: 'write', path: `${zeke.root}/a` }],
      changes: [{ path: 'a', diff: '+1' }],
    });
    await expect(zeke.read('a')).rejects.toThrow('ENOENT');
    expect(zeke.agent.respond(event.approvalId, 'allow_session')).toBe(true);
    expect(zeke.agent.respond(event.approvalId, 'deny')).toBe(false);
  }
  expect(events.filter(({ type }) => type === 'approval')).toHaveLength(1);
  expect(events.find(({ type }) => type === 'approval-answered')).toMatchObject({
    decision: 'allow_session',
  });
  expect(judge.remembered).toEqual([['allow_session', ['write(*)']]]);
  expect(await zeke.read('b')).toBe('2');
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  const kinds = entries.map(({ data }) => data.kind);
  expect(kinds.slice(1, 6)).toEqual(['answer', 'approval', 'snapshot', 'result', 'change']);
});

test('a denial is told with its reason, and the model goes on', async () => {
  const model = new ScriptedModel([{ calls: [writeCall('a', '1')] }, { text: 'then not' }]);
  await using zeke = await agentFixture(model, { judge: asking() });
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    if (event.type === 'approval') zeke.agent.respond(event.approvalId, 'deny', 'not this file');
  }
  expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({
    isError: true,
    summary: 'denied',
    text: said('The user said no: not this file.'),
  });
  expect(events.at(-1)).toMatchObject({ status: 'completed' });
});

test('where nobody is there to ask, and where a rule denies, it is denied; after three it ends', async () => {
  const model = new ScriptedModel([
    { calls: [writeCall('a', '1')] },
    { calls: [writeCall('secret', '1')] },
    { calls: [writeCall('b', '1')] },
  ]);
  await using zeke = await agentFixture(model, { judge: asking() });
  const events = await zeke.run('go', { onAsk: 'deny' });
  const texts = events.flatMap((event) => (event.type === 'tool-result' ? [event.text] : []));
  expect(texts[0]).toContain('nobody is there to give it');
  expect(texts[1]).toContain('It is not allowed: a rule.');
  expect(events.some(({ type }) => type === 'approval')).toBe(false);
  expect(events.at(-1)).toMatchObject({ status: 'failed', reason: 'denied' });
});

test('an answer that does not come is a denial; a cancel ends the wait', async () => {
  const model = new ScriptedModel((_, index) =>
    index === 1 ? { text: 'then not' } : { calls: [writeCall('a', '1')] },
  );
  await using zeke = await agentFixture(model, { judge: asking() });
  const events = await zeke.run('go', { approvalTimeoutMs: 5 });
  expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({
    text: said('nobody answered in time'),
  });
  const more: AgentEvent[] = [];
  for await (const event of zeke.start('go', { sessionId: zeke.lastSession })) {
    more.push(event);
    if (event.type === 'approval') zeke.agent.interrupt(zeke.lastSession);
  }
  expect(more.at(-1)).toMatchObject({ status: 'canceled' });
  await expect(zeke.read('a')).rejects.toThrow('ENOENT');
});
