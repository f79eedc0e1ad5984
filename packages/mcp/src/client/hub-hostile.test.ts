import { expect, test } from 'bun:test';
import { programServer, testHub, textOf } from './testing/hub-fixture.ts';

function hostile(how: string, more: object = {}) {
  return testHub([
    programServer('bad', 'hostile-program.ts', [how], {
      protocol: 'sessions',
      connectTimeoutMs: 8_000,
      timeoutMs: 8_000,
      ...more,
    }),
  ]);
}

async function failure(how: string, more?: object): Promise<string> {
  await using hub = hostile(how, more);
  await hub.loadTools();
  const [view] = hub.servers();
  expect(view).toMatchObject({ status: 'failed', tools: 0 });
  return view?.reason ?? '';
}

test('one that ends at once is told with its last words', async () => {
  expect(await failure('ends at once')).toBe(
    'MCP server bad: the program ended with code 7: no such database',
  );
});

test('one that never answers is given up in time', async () => {
  expect(await failure('hangs', { connectTimeoutMs: 300 })).toBe(
    'MCP server bad was not ready within 0.3 s',
  );
});

test('one that floods is cut off', async () => {
  expect(await failure('floods')).toContain('more than 2000 messages in a second');
});

test('one that sends what is no message is cut off', async () => {
  expect(await failure('says nonsense')).toContain('things that are no messages of the protocol');
});

test('one whose list has no end is given up', async () => {
  expect(await failure('lists for ever')).toContain('MCP server bad: ');
});

test('a program that is not there', async () => {
  expect(await failure('', { command: 'no-such-program-of-zeke' })).toBe(
    'there is no program called no-such-program-of-zeke: install it, or give its path',
  );
});

test('one of the older era that ends at the first question of the newer is started again', async () => {
  await using hub = hostile('ends when asked', { protocol: 'auto' });
  await hub.loadTools();
  expect(hub.servers()).toMatchObject([{ status: 'ready', protocolVersion: '2025-06-18' }]);
});

test('lines beside the protocol are put on the log', async () => {
  await using hub = hostile('chatters');
  await hub.loadTools();
  expect(hub.servers()).toMatchObject([{ status: 'ready' }]);
  expect(hub.log('bad')).toContain('line 19');
});

test('tools that cannot be used are left out, and that is told', async () => {
  await using hub = hostile('');
  const tools = await hub.loadTools();
  expect(tools.map(({ tool }) => tool)).toEqual(['ok', 'lies', 'explodes']);
  const [view] = hub.servers();
  expect(view?.notes).toEqual([
    'tool ok: there is another of this name',
    expect.stringContaining('its name is too long'),
    expect.stringContaining('tool long: its description has '),
  ]);
});

test('a call that is never answered ends in time, and the next is made', async () => {
  await using hub = hostile('hangs in calls', { timeoutMs: 200 });
  await hub.loadTools();
  await expect(hub.callTool('bad__ok', {})).rejects.toMatchObject({
    code: 'deadline_exceeded',
    message: 'MCP server bad has not answered within 0.2 s',
  });
  expect(hub.servers()).toMatchObject([{ status: 'ready' }]);
});

test('answers to nothing change nothing', async () => {
  await using hub = hostile('answers others');
  await hub.loadTools();
  expect(textOf(await hub.callTool('bad__ok', {}))).toBe('fine');
});

test.each(['breaks off', 'sends a monster'])(
  'one that %s ends the call, not the hub',
  async (how) => {
    await using hub = hostile(how);
    await hub.loadTools();
    await expect(hub.callTool('bad__ok', {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(hub.servers()).toMatchObject([{ status: 'failed' }]);
  },
);

test('a result of another shape is a failure of the server', async () => {
  await using hub = hostile('shapes it wrong');
  await hub.loadTools();
  await expect(hub.callTool('bad__ok', {})).rejects.toThrow('MCP server bad: ');
});

test('a structured result that is not what was promised is said to be', async () => {
  await using hub = hostile('');
  await hub.loadTools();
  const result = await hub.callTool('bad__lies', {});
  expect(textOf(result)).toContain('[the server breaks its own schema: ');
  expect(textOf(result)).toContain('{"n":"one"}');
  expect(result.structuredContent).toBeUndefined();
});

test('a schema that would take for ever to check is checked as far as it can be', async () => {
  await using hub = hostile('');
  await hub.loadTools();
  const result = await hub.callTool('bad__explodes', { a: `${'a'.repeat(50)}!` });
  expect(textOf(result)).toBe('fine');
});

test('a question where nobody can be asked is refused', async () => {
  await using hub = hostile('asks alone');
  await hub.loadTools();
  expect(textOf(await hub.callTool('bad__ok', {}))).toBe('fine');
});
