import { expect, test } from 'bun:test';
import { GroupGuard } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import type { AgentEvent, Decision } from '../agent/agent-event.ts';
import type { RunRequest } from '../agent/agent-options.ts';
import type { PermissionJudge } from '../agent/permission-judge.ts';
import { agentFixture, writeCall } from '../agent/testing/agent-fixture.ts';
import { ScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts';
import { HookHost } from './hook-host.ts';

interface HouseOptions {
  readonly judge?: PermissionJudge;
  /** What is answered where the hooks of the project are asked about. */
  readonly trust?: Decision;
}

async function house(
  turns: readonly ScriptedTurn[],
  hooks: object,
  { judge, trust = 'allow_session' }: HouseOptions = {},
) {
  await using parts = new AsyncDisposableStack();
  const home = parts.use(await temporaryDirectory());
  const guard = parts.use(new GroupGuard());
  const model = new ScriptedModel([...turns]);
  const host = new HookHost({ zekeHome: home.path, environment: process.env, guard });
  const zeke = parts.use(
    await agentFixture(model, { ...(judge && { judge }), options: { hooks: host } }),
  );
  await zeke.write('.zeke/hooks.json', JSON.stringify({ hooks }));
  const run = async (request: Partial<RunRequest> = {}): Promise<AgentEvent[]> => {
    const events: AgentEvent[] = [];
    for await (const event of zeke.start('do it', request)) {
      events.push(event);
      if (event.type !== 'approval') continue;
      zeke.agent.respond(event.approvalId, event.callId === '' ? trust : 'allow_once');
    }
    return events;
  };
  const owned = parts.move();
  return {
    zeke,
    run,
    /** The conversation that was sent, as JSON. */
    sent: (at: number): string => JSON.stringify(model.requests[at]?.messages),
    requests: model.requests,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const hook = (command: string, matcher?: string) => [
  { ...(matcher && { matcher }), hooks: [{ type: 'command', command }] },
];

function hooksIn(events: readonly AgentEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'hook' ? [`${event.event} ${event.outcome}`] : [],
  );
}

const say = (value: object) => `echo '${JSON.stringify(value)}'`;
const decide = (permissionDecision: string) =>
  say({ hookSpecificOutput: { permissionDecision, permissionDecisionReason: 'mind it' } });

test('a hook denies a call, with its reason for the model, and is told and kept', async () => {
  await using at = await house([{ calls: [writeCall('a.txt', 'x')] }, { text: 'then not' }], {
    PreToolUse: hook('echo "not $(grep -o a.txt | head -1)" >&2; exit 2', 'write'),
  });
  const events = await at.run();
  expect(hooksIn(events)).toEqual(['PreToolUse blocked']);
  expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({ summary: 'denied' });
  expect(at.sent(1)).toContain('A hook does not allow it: not a.txt.');
  await expect(at.zeke.read('a.txt')).rejects.toThrow('ENOENT');
  const { entries } = await at.zeke.sessions.get(at.zeke.lastSession);
  const kept = entries.filter(({ data }) => data.kind === 'hook').map(({ data }) => data);
  expect(kept).toMatchObject([{ event: 'PreToolUse', outcome: 'blocked', text: 'not a.txt' }]);
});

test('a hook can have a person asked, and what it allows is still for the rules to say', async () => {
  const judge = (verdict: 'allow' | 'deny' | 'ask'): PermissionJudge => ({
    judge: async () => ({ verdict, reason: `rules ${verdict}`, remembers: [] }),
    remember: async () => {},
  });
  const turns = [{ calls: [writeCall('a.txt', 'x')] }, { text: 'done' }];
  const approvals = (events: readonly AgentEvent[]) =>
    events.flatMap((event) =>
      event.type === 'approval' && event.callId !== '' ? [event.reason] : [],
    );
  const asking = { PreToolUse: hook(decide('ask')) };
  const allowing = { PreToolUse: hook(decide('allow')) };
  await using asked = await house(turns, asking, { judge: judge('allow') });
  expect(approvals(await asked.run())).toEqual(['mind it']);
  expect(await asked.zeke.read('a.txt')).toBe('x');
  await using both = await house(turns, allowing, { judge: judge('ask') });
  expect(approvals(await both.run())).toEqual(['rules ask']);
  await using denied = await house(turns, allowing, { judge: judge('deny') });
  const events = await denied.run();
  expect(hooksIn(events)).toEqual([]);
  expect(denied.sent(1)).toContain('rules deny');
});

test('after a call a hook formats, tells the model, and what it changes belongs to the call', async () => {
  await using at = await house(
    [{ calls: [writeCall('a.txt', 'x'), writeCall('ignored.log', 'x')] }, { text: 'done' }],
    {
      PostToolUse: hook(
        `echo formatted >> a.txt; echo too > b.txt; ${say({ hookSpecificOutput: { additionalContext: 'it was formatted' } })}`,
        'write',
      ),
    },
  );
  await at.zeke.write('a.txt', 'before\n');
  await at.zeke.write('.gitignore', '*.log\n');
  await at.run();
  expect(at.sent(1)).toContain('[A hook says: it was formatted]');
  expect(await at.zeke.read('a.txt')).toBe('xformatted\nformatted\n');
  const { entries } = await at.zeke.sessions.get(at.zeke.lastSession);
  const changed = entries.flatMap(({ data }) => (data.kind === 'change' ? data.paths : []));
  expect(changed.toSorted()).toEqual(['a.txt', 'a.txt', 'b.txt', 'ignored.log']);
});

test('hooks at the start and at words of the user add to them, or stop them', async () => {
  await using at = await house([{ text: 'done' }], {
    SessionStart: hook('echo the branch is main'),
    UserPromptSubmit: hook('grep -o "do it" | head -1'),
  });
  await at.run();
  expect(at.sent(0)).toContain('the branch is main\\ndo it');
  await using stopped = await house([], { UserPromptSubmit: hook('echo a secret >&2; exit 2') });
  expect((await stopped.run()).at(-1)).toMatchObject({
    status: 'failed',
    reason: 'denied',
    message: 'a hook does not let this through: a secret',
  });
  expect(stopped.requests).toEqual([]);
});

test('a hook at the end sends the model back to work, three times at most', async () => {
  const turns = ['one', 'two', 'three', 'four'].map((text) => ({ text }));
  await using at = await house(turns, { Stop: hook('echo tests fail >&2; exit 2') });
  const events = await at.run();
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'four' });
  expect(at.sent(1)).toContain('A hook says that it is not done: tests fail');
  expect(hooksIn(events)).toEqual(Array(4).fill('Stop blocked'));
  const notice = 'a hook would have it go on after 3 times: tests fail';
  expect(events).toContainEqual({ type: 'notice', text: notice });
});

test('a hook ends the run', async () => {
  const hooks = { PostToolUse: hook(say({ continue: false, stopReason: 'enough' })) };
  await using at = await house([{ calls: [writeCall('a.txt', 'x')] }], hooks);
  expect((await at.run()).at(-1)).toMatchObject({
    status: 'failed',
    reason: 'denied',
    message: expect.stringContaining('a hook ended the run: enough'),
  });
  expect(await at.zeke.read('a.txt')).toBe('x');
});

test('a subagent has the same hooks, and its own end', async () => {
  const task = { agent: 'general', description: 'x', prompt: 'write it' };
  await using at = await house(
    [
      { calls: [{ name: 'task', arguments: task }] },
      { calls: [writeCall('a.txt', 'x')] },
      { text: 'could not' },
      { text: 'done' },
    ],
    { PreToolUse: hook('exit 2', 'write'), SubagentStop: hook('true'), Stop: hook('true') },
  );
  const events = await at.run();
  const within = events.flatMap((event) => (event.type === 'subagent' ? [event.event] : []));
  expect(hooksIn(within)).toEqual(['PreToolUse blocked', 'SubagentStop ok']);
  expect(hooksIn(events)).toEqual(['Stop ok']);
  const asked = [...events, ...within].filter(({ type }) => type === 'approval');
  expect(asked).toHaveLength(1);
});

test('hooks of a project run only once a person has agreed to them as they are', async () => {
  const hooks = { Stop: hook('echo ran >> ran.txt') };
  const turns = Array(5).fill({ text: 'done' });
  await using at = await house(turns, hooks, { trust: 'deny' });
  const [, asked] = await at.run();
  expect(asked).toMatchObject({
    type: 'approval',
    title: 'run 1 hook of this project, outside the sandbox?',
    reason: 'Stop: echo ran >> ran.txt',
  });
  await expect(at.zeke.read('ran.txt')).rejects.toThrow('ENOENT');
  // The same session does not ask again.
  const again = await at.run({ sessionId: at.zeke.lastSession });
  expect(again.some(({ type }) => type === 'approval')).toBe(false);
  const unattended = await at.run({ onAsk: 'deny' });
  expect(unattended).toContainEqual({
    type: 'notice',
    text: '.zeke/hooks.json is not trusted, and its hooks (1) do not run: look at them with zeke hooks list, then zeke hooks trust',
  });
  await expect(at.zeke.read('ran.txt')).rejects.toThrow('ENOENT');
  await using trusting = await house(turns, hooks, { trust: 'allow_project' });
  await trusting.run();
  const later = await trusting.run({ onAsk: 'deny' });
  expect(hooksIn(later)).toEqual(['Stop ok']);
  await trusting.zeke.write('.zeke/hooks.json', JSON.stringify({ hooks: { Stop: hook('true') } }));
  const changed = await trusting.run();
  expect(changed.some(({ type }) => type === 'approval')).toBe(true);
});

test('a hook that hangs is ended with the run', async () => {
  await using at = await house([{ text: 'done' }], { Stop: hook('touch started; sleep 300') });
  const stop = new AbortController();
  const events: AgentEvent[] = [];
  for await (const event of at.zeke.start('do it', {}, stop.signal)) {
    events.push(event);
    if (event.type === 'approval') at.zeke.agent.respond(event.approvalId, 'allow_session');
    if (event.type === 'text') stop.abort();
  }
  expect(events.at(-1)).toMatchObject({ status: 'canceled' });
});

test('in a worktree hooks of the project run where they are the same', async () => {
  await using at = await house(Array(2).fill({ text: 'done' }), { Stop: hook('pwd >&2; exit 1') });
  const git = async (...args: string[]): Promise<void> => {
    const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    const run = Bun.spawn(['git', ...who, ...args], { cwd: at.zeke.root, stdout: 'ignore' });
    expect(await run.exited).toBe(0);
  };
  await git('init', '-q');
  await git('add', '.keep');
  await git('commit', '-q', '-m', 'without');
  const without = await at.run({ worktree: true });
  expect(hooksIn(without)).toEqual([]);
  expect(JSON.stringify(without)).toContain('do not run in the worktree');
  await git('add', '.zeke');
  await git('commit', '-q', '-m', 'with');
  const ran = (await at.run({ worktree: true })).find(({ type }) => type === 'hook');
  expect(ran).toMatchObject({ outcome: 'failed', text: expect.stringContaining('/worktrees/') });
});
