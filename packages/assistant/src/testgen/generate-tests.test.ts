import { afterEach, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { GroupGuard } from '@zeke/foundation';
import { skipsWithout } from '@zeke/foundation/testing';
import { type AgentFixture, agentFixture, writeCall } from '../agent/testing/agent-fixture.ts';
import { type FoundSandbox, findSandbox } from '../sandbox/find-sandbox.ts';
import { ScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts';
import { ShellHost } from '../tools/shell/shell-host.ts';
import { shellTools } from '../tools/shell/shell-tools.ts';
import { generateTests, type TestGenEvent, type TestGenRequest } from './generate-tests.ts';

const source = `export function sign(n: number): string {
  if (n > 0) {
    return 'plus';
  }
  if (n < 0) {
    return 'minus';
  }
  return 'zero';
}
`;

function testOf(name: string, value: string, result: string): string {
  return `import { expect, test } from 'bun:test';
import { sign } from '../src/sign.ts';

test('${name}', () => {
  expect(sign(${value})).toBe('${result}');
});
`;
}

const manifest = '{ "name": "shop", "type": "module", "scripts": { "test": "bun test" } }';
const good = writeCall('test/minus.test.ts', testOf('below zero', '-1', 'minus'));
const bad = writeCall('test/zero.test.ts', testOf('zero', '0', 'nothing'));
const useless = writeCall('test/two.test.ts', testOf('two', '2', 'plus'));

let parts = new AsyncDisposableStack();

afterEach(async () => {
  await parts.disposeAsync();
  parts = new AsyncDisposableStack();
});

interface House {
  readonly fixture: AgentFixture;
  readonly model: ScriptedModel;
  generate(request?: Partial<TestGenRequest>, signal?: AbortSignal): Promise<TestGenEvent[]>;
}

async function house(
  turns: readonly ScriptedTurn[],
  files: Readonly<Record<string, string>> = {},
  sandbox: FoundSandbox = { kind: 'none', reason: 'for this test' },
): Promise<House> {
  const model = new ScriptedModel(turns);
  const guard = parts.use(new GroupGuard());
  // Not in /tmp, which is another one in the sandbox.
  const base = await realpath(await mkdtemp(join(homedir(), '.zeke-test-')));
  parts.defer(() => rm(base, { recursive: true, force: true }));
  const shell = parts.use(
    new ShellHost({
      sandbox,
      settings: async () => ({}),
      environment: { PATH: process.env.PATH, HOME: base },
      home: base,
      zekeHome: join(base, '.zeke'),
      folder: (id) => join(base, '.zeke/sessions', id),
      guard,
    }),
  );
  const fixture = parts.use(await agentFixture(model, { tools: shellTools(shell) }));
  const { agent, options, root, sessions } = fixture;
  const { snapshots } = options;
  if (snapshots === undefined) throw new Error('the fixture has no snapshots');
  const all = {
    'package.json': manifest,
    'src/sign.ts': source,
    'test/sign.test.ts': testOf('above zero', '1', 'plus'),
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return {
    fixture,
    model,
    generate: async (request = {}, signal = new AbortController().signal) => {
      const project = { root, name: 'shop' };
      const whole = {
        project,
        cwd: root,
        path: 'src/sign.ts',
        model: 'scripted/model',
        ...request,
      };
      const events: TestGenEvent[] = [];
      const deps = { agent, sessions, snapshots, shell };
      for await (const event of generateTests(deps, whole, signal)) events.push(event);
      return events;
    },
  };
}

function doneOf(events: readonly TestGenEvent[]) {
  const done = events.at(-1);
  if (done?.type !== 'done') throw new Error('it has no end');
  return done;
}

test('keeps what passes and covers more, and nothing else', async () => {
  const { fixture, generate, model } = await house([
    { calls: [good, bad, useless] },
    { text: 'Written.' },
    { text: 'I cannot mend it: zero may be wrong.' },
  ]);
  const events = await generate();
  expect(doneOf(events)).toMatchObject({
    kept: [{ path: 'test/minus.test.ts', isNew: true, passed: 1, newLines: [5, 6] }],
    coverage: { before: 3, after: 5, total: 6 },
    command: 'bun test',
    message: 'I cannot mend it: zero may be wrong.',
  });
  const dropped = doneOf(events).dropped.map(({ path, reason }) => [path, reason.split('\n')[0]]);
  expect(dropped).toEqual([
    ['test/two.test.ts', 'it runs no line that was not run before'],
    ['test/zero.test.ts', 'it does not pass:'],
  ]);
  expect((await readdir(join(fixture.root, 'test'))).toSorted()).toEqual([
    'minus.test.ts',
    'sign.test.ts',
  ]);
  expect((await readdir(fixture.root)).toSorted()).toEqual([
    '.keep',
    'package.json',
    'src',
    'test',
  ]);
  const asked = JSON.stringify(model.requests.at(-1)?.messages.at(-1));
  expect(asked).toContain('No test runs these lines yet: 8.');
  expect(asked).toContain('test/zero.test.ts: it does not pass');
  expect(asked).toContain('Received:');
}, 30_000);
