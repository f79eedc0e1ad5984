import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { type ProjectHouse, projectHouse } from './project-house.ts';
import { sensibleBrain, shopFiles } from './sensible-brain.ts';

const timeoutMs = 120_000;
let house: ProjectHouse;

beforeAll(async () => {
  house = await projectHouse(shopFiles, sensibleBrain);
}, timeoutMs);

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, timeoutMs);

const path = (name: string) => join(house.root, name);
const text = (name: string) => readFile(path(name), 'utf8');

/** What is printed by a command that ends well. */
async function told(...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await house.zeke(...args);
  if (code !== 0) throw new Error(`zeke ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Its code and what it says of it. */
async function refused(...args: string[]): Promise<[code: number, words: string]> {
  const { code, stderr, stdout } = await house.zeke(...args);
  expect(stdout).toBe('');
  // The launcher may have said before that it builds the program.
  return [code, stderr.slice(stderr.lastIndexOf('zeke: ') + 'zeke: '.length).trim()];
}

test(
  'zeke explain looks into what it explains, and says what is not there',
  async () => {
    const { code, stderr, stdout } = await house.zeke('explain', 'src/price.ts');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'It takes a share off a price.\n' });
    expect(stderr).toContain('● read_file src/price.ts');
    expect(await told('explain', 'how', 'discounts', 'work')).toContain('a share off');
    for (const place of ['src/none.ts', 'none.ts:3']) {
      expect(await refused('explain', place)).toEqual([5, `${place}: there is no such file here`]);
    }
  },
  timeoutMs,
);

test(
  'zeke ask takes mentions and what is piped in, and goes on',
  async () => {
    expect(await told('ask', 'what is @file:src/price.ts:1-2 for?')).toContain('You said: what is');
    expect(new TextDecoder().decode(house.emulator.requests.at(-1)?.body)).toContain(
      'percent > 100',
    );
    const piped = await house.pipe('the text in the pipe', 'ask');
    expect(piped).toMatchObject({ code: 0, stdout: 'You said: the text in the pipe\n' });
    const first = JSON.parse(await told('ask', '--json', 'hello'));
    const second = JSON.parse(await told('ask', '--json', '--continue', 'and now?'));
    expect(second).toMatchObject({ session: first.session, text: 'You said: and now?' });
    const missing = await house.zeke('ask', 'what is @file:src/none.ts?');
    expect(missing.stderr).toContain('@file:src/none.ts: there is no such file');
    expect(await refused('ask')).toEqual([2, expect.stringContaining('nothing to ask')]);
  },
  timeoutMs,
);

test(
  'zeke refactor runs the tests before and after; diff, undo and redo show and take back what it did',
  async () => {
    const before = await text('src/price.ts');
    const done = await told('refactor', '--mode', 'full', 'turn the factors round', 'src/price.ts');
    expect(done).toBe('The tests pass as before.\n');
    const after = await text('src/price.ts');
    expect(after).toContain('percent * cents');
    expect(await told('diff')).toContain('+  return cents - (percent * cents) / 100;');
    expect(await told('undo')).toBe('undone: 1 file\n');
    expect(await text('src/price.ts')).toBe(before);
    expect(await refused('undo')).toEqual([6, expect.stringContaining('nothing to undo')]);
    expect(await told('redo')).toBe('done again: 1 file\n');
    expect(await text('src/price.ts')).toBe(after);
    expect(JSON.parse(await told('undo', '--json'))).toMatchObject({
      changes: [{ path: 'src/price.ts' }],
    });
    const none = 'src/none.ts: there is no such file or folder here';
    expect(await refused('refactor', 'x', 'src/none.ts')).toEqual([5, none]);
  },
  timeoutMs,
);

test(
  'zeke review tells findings for people, as JSON and as SARIF that its schema takes',
  async () => {
    const empty = await refused('review');
    expect(empty).toEqual([6, expect.stringContaining('no file that git knows was changed')]);
    expect(await refused('review', '--staged')).toEqual([6, expect.stringContaining('git add')]);
    await changePrice('const off = (cents * percent) / 100;\n  return cents - off;');
    expect(await told('review')).toContain('major src/price.ts:5 Fractions of a cent come out');
    const { findings } = JSON.parse(await told('review', '--format', 'json'));
    expect(findings).toMatchObject([
      { file: 'src/price.ts', line: 5, endLine: 5, severity: 'major' },
    ]);
    expect(findings[0].replacement).toContain('Math.round');
    const sarif = JSON.parse(await told('review', '--format', 'sarif'));
    const validate = await sarifSchema();
    validate(sarif);
    expect(validate.errors ?? []).toEqual([]);
    expect(sarif.runs[0].results).toHaveLength(1);
    sarif.runs[0].results[0].level = 'terrible';
    expect(validate(sarif)).toBe(false);
  },
  timeoutMs,
);

test(
  'zeke review of what is staged, of ranges and of patches; the exit code goes by severity',
  async () => {
    await house.run('git', 'add', '-A');
    const staged = await house.zeke('review', '--staged', '--fail-on', 'major');
    expect(staged).toMatchObject({ code: 1, stdout: expect.stringContaining('major') });
    expect((await house.zeke('review', '--staged', '--fail-on', 'critical')).code).toBe(0);
    await house.run('git', 'commit', '-q', '-m', 'prices');
    expect(await told('review', 'HEAD~1...HEAD')).toContain('Fractions of a cent');
    expect(await refused('review', 'HEAD...HEAD')).toEqual([
      6,
      'there is nothing to review: HEAD...HEAD changes nothing',
    ]);
    expect(await refused('review', 'nowhere..HEAD')).toEqual([
      2,
      expect.stringContaining('nowhere'),
    ]);
    await house.run('sh', '-c', 'git format-patch -1 --stdout > ../pull.patch');
    expect(await told('review', '--patch', '../pull.patch')).toContain('Fractions of a cent');
    const piped = await house.pipe(await text('../pull.patch'), 'review', '--patch', '-', '--json');
    expect(JSON.parse(piped.stdout).findings).toHaveLength(1);
    const noDiff = await house.pipe('not a diff', 'review', '--patch', '-');
    expect(noDiff).toMatchObject({ code: 2, stderr: expect.stringContaining('no unified diff') });
    const none = '--patch: none.patch: there is no such file';
    expect(await refused('review', '--patch', 'none.patch')).toEqual([5, none]);
    const both = await refused('review', '--staged', 'HEAD~1');
    expect(both).toEqual([2, 'say one of a range, --staged and --patch']);
  },
  timeoutMs,
);

test(
  'a reviewer that answers no JSON is told once, and then it is an error that says so',
  async () => {
    await Bun.write(path('README.md'), '# Shop\n\nbabble\n');
    expect(await told('review')).toBe('nothing found\nFit to go in.\n');
    await Bun.write(path('README.md'), '# Shop\n\nbabble on\n');
    const [code, words] = await refused('review');
    expect(code).toBe(3);
    expect(words).toContain('its answer cannot be read: there is no JSON object in the answer');
    await Bun.write(path('README.md'), '# Shop\n');
  },
  timeoutMs,
);

test(
  'zeke commit writes the message for what is staged, and commits',
  async () => {
    expect(await refused('commit', '--yes')).toEqual([
      6,
      expect.stringContaining('nothing is staged'),
    ]);
    await changePrice('return Math.round(cents - (cents * percent) / 100);');
    await house.run('git', 'add', '-A');
    expect(await refused('commit')).toEqual([2, expect.stringContaining('--yes or --dry-run')]);
    const dry = await told('commit', '--dry-run', '--message', 'for accounts');
    expect(dry).toBe('Prices are whole cents, for accounts\n');
    expect(await told('commit', '--yes')).toContain('Prices are whole cents');
    expect(await house.run('git', 'diff', '--cached', '--quiet')).toBe(0);
    expect(
      await house.run('sh', '-c', 'git log -1 --format=%s | grep -qx "Prices are whole cents"'),
    ).toBe(0);
  },
  timeoutMs,
);

test(
  'zeke test-gen keeps a test that runs more, and says the gain',
  async () => {
    const { code, stderr, stdout } = await house.zeke('test-gen', 'src/price.ts');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Discounts over 100 are tested.

✔ src/percent.test.ts written: 1 passed, 1 more line run
src/price.ts: 3 → 4 of 4 lines run by tests (75% → 100%)
`,
    });
    expect(stderr).toContain('running the tests as they are: bun test');
    expect(await house.run('bun', 'test')).toBe(0);
    const again = await house.zeke('test-gen', '--json', 'src/price.ts');
    expect(again.code).toBe(1);
    const last = JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '');
    expect(last.result.kept ?? []).toEqual([]);
    expect(await refused('test-gen', 'README.md')).toEqual([
      6,
      expect.stringContaining('--command'),
    ]);
    expect(await refused('test-gen', 'src/none.ts')).toEqual([
      5,
      expect.stringContaining('no such'),
    ]);
  },
  timeoutMs,
);

test(
  'zeke complete asks a model where one is named, and says what place it cannot find',
  async () => {
    const source = `${await text('src/price.ts')}export function thrown(): void {\n  throw new Err\n}\n`;
    await Bun.write(path('src/price.ts'), source);
    const line = source.split('\n').findIndex((each) => each.endsWith('new Err')) + 1;
    const place = `src/price.ts:${line}:16`;
    const named = ['complete', place, '--model', 'openai/gpt-4.1-mini'];
    expect(await told(...named)).toBe("or('empty');\n");
    const answer = JSON.parse(await told(...named, '--json'));
    expect(answer).toMatchObject({ completion: "or('empty');", done: true });
    const { code, stderr } = await house.zeke('complete', '--local', place);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/(?:nothing .*\n)?local, \d+ % sure/),
    });
    expect(await refused('complete', 'src/price.ts:2:900')).toEqual([
      2,
      'src/price.ts:2:900: line 2 has columns 1 to 38',
    ]);
    expect(await refused('complete', 'src/price.ts')).toEqual([
      2,
      expect.stringContaining('FILE:LINE:COLUMN'),
    ]);
    expect(await refused('complete', 'src/none.ts:1:1')).toEqual([
      5,
      `${path('src/none.ts')}: there is no such file`,
    ]);
  },
  timeoutMs,
);

test(
  'zeke agent keeps its limits, and works in a worktree of its own',
  async () => {
    const full = ['agent', '--mode', 'full'];
    const steps = await house.zeke(...full, '--max-steps', '1', 'Write the word one');
    expect(steps).toMatchObject({ code: 1, stderr: expect.stringContaining('limit of 1 step ') });
    const budget = await house.zeke(...full, '--budget-usd', '0.0001', 'Write the word two');
    expect(budget).toMatchObject({ code: 1, stderr: expect.stringContaining('is spent') });
    expect(await refused(...full, '--max-steps', 'many', 'x')).toEqual([
      2,
      '--max-steps: it is a whole number from 1 to 1000000',
    ]);
    const apart = await house.zeke(...full, '--worktree', 'Write the word three');
    const [branch = ''] = /zeke\/[0-9a-f-]{36}/.exec(apart.stderr) ?? [];
    expect(existsSync(path('three.txt'))).toBe(false);
    expect(await house.run('git', 'cherry-pick', '--no-commit', branch)).toBe(0);
    expect(await text('three.txt')).toBe('three\n');
    const lines = (await told(...full, '--json', 'Write the word four')).trim().split('\n');
    const updates = lines.map((line) => JSON.parse(line));
    expect(updates[0]).toMatchObject({ started: {}, sequence: 1 });
    expect(updates.at(-1)).toMatchObject({
      message: 'The word is four.',
      ended: { reason: 'done' },
    });
  },
  timeoutMs,
);

test(
  'zeke sessions: listed, shown, gone on with, forked, gone back in, exported, deleted',
  async () => {
    await told('agent', '--mode', 'auto-edit', 'Write the word five');
    const [session] = JSON.parse(await told('sessions', 'list', '--json', '--limit', '1'));
    expect(session.title).toBe('Write the word five');
    await told('agent', '--mode', 'auto-edit', '--resume', session.id, 'Write the word six');
    const { messages } = JSON.parse(await told('sessions', 'show', session.id, '--json'));
    const mine = messages.filter(({ role }: { role: string }) => role === 'user');
    expect(mine.map(({ text: words }: { text: string }) => words)).toEqual([
      'Write the word five',
      'Write the word six',
    ]);
    const fork = (await told('sessions', 'fork', session.id.slice(0, 13))).trim();
    expect(await told('sessions', 'revert', session.id, mine[1].id)).toContain('1 file');
    expect([existsSync(path('five.txt')), existsSync(path('six.txt'))]).toEqual([true, false]);
    expect(await told('sessions', 'export', session.id)).not.toContain('The word is six.');
    expect(await told('sessions', 'export', fork)).toContain('The word is six.');
    const whole = JSON.parse(await told('sessions', 'export', fork, '--format', 'json'));
    expect(JSON.stringify(whole)).toContain('The word is six.');
    expect(await told('sessions', 'delete', fork)).toBe('deleted\n');
    expect(await refused('sessions', 'show', fork)).toEqual([5, expect.stringContaining(fork)]);
  },
  timeoutMs,
);

async function changePrice(line: string): Promise<void> {
  const lines = (await text('src/price.ts')).split('\n');
  const from = lines.findIndex((each) => each.startsWith('  return') || each.startsWith('  const'));
  const source = [...lines.slice(0, from), ...`  ${line}`.split('\n'), '}', ''].join('\n');
  await Bun.write(path('src/price.ts'), source);
}

/** The schema of OASIS, as a package has it. */
async function sarifSchema() {
  const file = '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
  // It is of draft 4, and has nothing in it that later ones read otherwise but these two.
  const whole = await Bun.file(Bun.resolveSync(file, import.meta.dir)).json();
  const { $schema: _draft, id: _id, ...schema } = whole;
  return new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
}
