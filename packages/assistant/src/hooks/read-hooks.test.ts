import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { matchesTool } from './hook.ts';
import { readAnswer } from './read-answer.ts';
import { readHooks } from './read-hooks.ts';

const one = (event: string, group: object) =>
  readHooks(JSON.stringify({ hooks: { [event]: [group] } }), 'user');
const run = { type: 'command', command: 'x' };

test('hooks have the form of those of Claude Code', () => {
  const text = JSON.stringify({
    model: 'other settings are left alone',
    hooks: {
      PreToolUse: [{ matcher: 'Edit|mcp__github__.*', hooks: [{ ...run, timeout: 5 }, run] }],
      Stop: [{ hooks: [run] }],
    },
  });
  const shared = { command: 'x', origin: 'project' } as const;
  const before = { ...shared, event: 'PreToolUse', matcher: 'Edit|mcp__github__*' } as const;
  expect(readHooks(text, 'project')).toEqual({
    hooks: [
      { ...before, timeoutMs: 5_000 },
      { ...before, timeoutMs: 60_000 },
      { ...shared, event: 'Stop', matcher: undefined, timeoutMs: 60_000 },
    ],
    faults: [],
  });
});

test('what is wrong is told, and the rest counts', () => {
  expect(readHooks('{', 'user').faults).toEqual(['it is not {"hooks": {EVENT: […]}} in JSON']);
  expect(one('PreTooluse', { hooks: [run] }).faults[0]).toContain('did you mean PreToolUse?');
  expect(one('PreCompact', { hooks: [run] }).faults[0]).toContain('no hooks run at it here');
  expect(one('Stop', { command: 'x' }).faults[0]).toContain('each entry is {"matcher"');
  expect(one('Stop', { hooks: [{ type: 'prompt' }, run] })).toMatchObject({
    hooks: [{ command: 'x' }],
    faults: ['Stop: type: only "command" is known, a program that runs at the event'],
  });
  expect(one('PreToolUse', { matcher: 'Edit(a+)+$', hooks: [run] }).faults[0]).toContain(
    'other regular expressions are not understood',
  );
});

test('a matcher names tools as zeke or as Claude Code does', () => {
  const matches = (matcher: string | undefined, ...tools: string[]) =>
    tools.filter((tool) => matchesTool({ matcher }, tool));
  const all = ['shell', 'edit', 'multi_edit', 'write_file', 'read_file', 'github__list'];
  expect(matches(undefined, ...all)).toEqual(all);
  expect(matches('Bash', ...all)).toEqual(['shell']);
  expect(matches('Edit | Write', ...all)).toEqual(['edit', 'multi_edit', 'write_file']);
  expect(matches('mcp__github__*', ...all)).toEqual(['github__list']);
  expect(matches('*_file', ...all)).toEqual(['write_file', 'read_file']);
});

const end = { exitCode: 0, stdout: '', stderr: '', durationMs: 1, fault: '' };
const json = (value: object) => ({ ...end, stdout: JSON.stringify(value) });

test('exit code 2 denies, another failure stops nothing, one before a tool that hangs has it asked', () => {
  expect(readAnswer('PreToolUse', end)).toMatchObject({ outcome: 'ok', verdict: 'pass' });
  expect(readAnswer('Stop', { ...end, exitCode: 2, stderr: 'tests fail\n' })).toMatchObject({
    outcome: 'blocked',
    verdict: 'deny',
    reason: 'tests fail',
  });
  expect(readAnswer('PreToolUse', { ...end, exitCode: 1, stderr: 'oh\nno' })).toMatchObject({
    outcome: 'failed',
    verdict: 'pass',
    notice: 'it ended with 1: oh',
  });
  const hung = { ...end, exitCode: undefined, fault: 'it did not end within 1 s' };
  expect(readAnswer('PreToolUse', hung)).toMatchObject({ outcome: 'failed', verdict: 'ask' });
  const missing = { ...end, exitCode: 127, stderr: 'x: not found' };
  expect(readAnswer('PreToolUse', missing)).toMatchObject({
    verdict: 'ask',
    reason: 'it cannot be run: x: not found',
  });
  expect(readAnswer('PostToolUse', hung)).toMatchObject({ outcome: 'failed', verdict: 'pass' });
});

test('JSON on standard output says more', () => {
  const own = (fields: object) => json({ hookSpecificOutput: fields });
  expect(
    readAnswer('PreToolUse', own({ permissionDecision: 'deny', permissionDecisionReason: 'no' })),
  ).toMatchObject({ verdict: 'deny', reason: 'no' });
  expect(readAnswer('PreToolUse', own({ permissionDecision: 'ask' }))).toMatchObject({
    outcome: 'asked',
    verdict: 'ask',
  });
  expect(readAnswer('PreToolUse', own({ permissionDecision: 'allow' })).verdict).toBe('pass');
  expect(readAnswer('PreToolUse', own({ updatedInput: { a: 1 } })).notice).toContain('no effect');
  expect(readAnswer('PostToolUse', own({ additionalContext: 'mind x' })).context).toBe('mind x');
  expect(readAnswer('Stop', json({ decision: 'block', reason: 'more' }))).toMatchObject({
    verdict: 'deny',
    reason: 'more',
  });
  expect(readAnswer('Stop', json({ continue: false, stopReason: 'enough' })).stop).toBe('enough');
  expect(readAnswer('Stop', json({ systemMessage: 'hello' })).notice).toBe('hello');
  expect(readAnswer('Stop', json({ decision: 3 })).outcome).toBe('failed');
});

test('plain words are for the model where a conversation begins only', () => {
  const words = { ...end, stdout: 'the branch is main\n' };
  expect(readAnswer('SessionStart', words).context).toBe('the branch is main');
  expect(readAnswer('UserPromptSubmit', words).context).toBe('the branch is main');
  expect(readAnswer('PostToolUse', words).context).toBe('');
});

test('any file and any output are read without a throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const { faults, hooks } = readHooks(`{"hooks": {"Stop": ${text}}}`, 'project');
      expect(Array.isArray(hooks) && Array.isArray(faults)).toBe(true);
      const { context, reason } = readAnswer('PreToolUse', { ...end, stdout: text });
      expect(context.length + reason.length).toBeLessThanOrEqual(20_002);
    }),
  );
});
