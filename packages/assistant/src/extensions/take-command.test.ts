import { expect, test } from 'bun:test';
import type { SlashCommand } from './extensions.ts';
import { listCommands, modeOfCommand, takeCommand } from './take-command.ts';

function command(name: string, body: string, rest: Partial<SlashCommand> = {}): SlashCommand {
  return { name, body, description: `does ${name}`, origin: 'project', ...rest };
}

function filled(body: string, instruction: string): string | undefined {
  return takeCommand(instruction, [command('go', body)])?.instruction;
}

test('arguments stand where the command has them, filled once', () => {
  expect(filled('Fix $ARGUMENTS now.', '/go  the bug, $1 ')).toBe('Fix the bug, $1 now.');
  expect(filled('From $1 to $2: $3.', `/go a "b c" 'd'`)).toBe('From a to b c: d.');
  expect(filled('Only $2.', '/go a')).toBe('Only .');
  expect(filled('Costs $10 and $ARGUMENTSX.', '/go')).toBe('Costs $10 and $ARGUMENTSX.');
  expect(filled('Fix it.', '/go in src')).toBe('Fix it.\n\nin src');
  expect(filled('See $ARGUMENTS', '/go\nline one\nline two')).toBe('See line one\nline two');
  expect(filled('Fix it.', '/go')).toBe('Fix it.');
});

test('words that are no command are left as they are, a wrong name is told', () => {
  const commands = [command('review', 'x')];
  for (const words of ['fix it', '/etc/hosts is wrong', ' /review', '/', '// x']) {
    expect(takeCommand(words, commands)).toBeUndefined();
  }
  expect(() => takeCommand('/reviw x', commands)).toThrow('did you mean /review?');
  expect(() => takeCommand('/deploy', [])).toThrow('/help lists those there are');
});

test("a command of the user's says the mode; one of a project can only be stricter", () => {
  expect(modeOfCommand(command('a', 'x', { origin: 'user', mode: 'full' }), 'ask')).toBe('full');
  expect(modeOfCommand(command('a', 'x', { mode: 'full' }), 'ask')).toBe('ask');
  expect(modeOfCommand(command('a', 'x', { mode: 'plan' }), 'ask')).toBe('plan');
  expect(modeOfCommand(command('a', 'x'), 'auto-edit')).toBe('auto-edit');
});

test('the list has a line for each', () => {
  const list = listCommands([command('go', 'x'), command('review', 'x', { description: 'a\nb' })]);
  expect(list).toBe('/go      does go\n/review  a b');
  expect(listCommands([])).toContain('.zeke/commands/NAME.md');
});
