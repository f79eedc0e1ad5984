import { afterEach, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { skipsWithout } from '@zeke/foundation/testing';
import { writeCall } from '../agent/testing/agent-fixture.ts';
import { findSandbox } from '../sandbox/find-sandbox.ts';
import type { ModelScript } from '../testing/scripted-model.ts';
import type { TestGenRequest } from './generate-tests.ts';
import { doneOf, type TestGenHouseOptions, testGenHouse } from './testing/testgen-house.ts';

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

async function house(
  turns: ModelScript,
  files: Readonly<Record<string, string>> = {},
  more: Partial<TestGenHouseOptions> = {},
) {
  const all = {
    'package.json': manifest,
    'src/sign.ts': source,
    'test/sign.test.ts': testOf('above zero', '1', 'plus'),
    ...files,
  };
  const { fixture, generate, model } = parts.use(
    await testGenHouse({ turns, files: all, ...more }),
  );
  return {
    fixture,
    model,
    generate: (request: Partial<TestGenRequest> = {}, signal?: AbortSignal) =>
      generate({ path: 'src/sign.ts', ...request }, signal),
  };
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

test('a mended test stays; one that was there is put back when it is spoilt', async () => {
  const mended = writeCall('test/zero.test.ts', testOf('zero', '0', 'zero'));
  const spoilt = writeCall('test/sign.test.ts', testOf('above zero', '1', 'minus'));
  const { fixture, generate } = await house([
    { calls: [bad, spoilt] },
    { text: 'Written.' },
    { calls: [mended] },
    { text: 'Mended.' },
    { text: 'That is all.' },
  ]);
  const { coverage, dropped, kept } = doneOf(await generate());
  expect(kept).toMatchObject([{ path: 'test/zero.test.ts', newLines: [5, 8] }]);
  expect(coverage).toEqual({ before: 3, after: 5, total: 6 });
  expect(dropped.map(({ path }) => path)).toEqual(['test/sign.test.ts']);
  expect(await fixture.read('test/sign.test.ts')).toBe(testOf('above zero', '1', 'plus'));
}, 30_000);

test('a changed test that runs less than before is put back', async () => {
  const changed = writeCall('test/sign.test.ts', testOf('below zero', '-1', 'minus'));
  const { fixture, generate } = await house([{ calls: [changed] }, { text: 'Done.' }]);
  const { dropped, kept } = doneOf(await generate());
  expect(kept).toEqual([]);
  expect(dropped).toEqual([
    { path: 'test/sign.test.ts', reason: 'with it, lines are no longer run that were run before' },
  ]);
  expect(await fixture.read('test/sign.test.ts')).toContain('above zero');
}, 30_000);

test('only tests are written, and only tests are run', async () => {
  const shell = (command: string) => ({ name: 'real_shell', arguments: { command } });
  const { fixture, generate } = await house([
    { calls: [writeCall('src/sign.ts', 'export {};'), shell('bun test; rm -r src')] },
    { calls: [shell('bun test test/sign.test.ts')] },
    { text: 'Done.' },
  ]);
  const events = await generate();
  const results = events.flatMap((told) =>
    told.type === 'agent' && told.event.type === 'tool-result' ? [told.event] : [],
  );
  expect(results.map(({ isError }) => isError)).toEqual([true, true, false]);
  expect(results[0]?.text).toContain('only files with tests');
  expect(results[2]?.text).toContain('1 pass');
  expect(await fixture.read('src/sign.ts')).toBe(source);
}, 30_000);

test('what was written is put back when it is canceled', async () => {
  const stop = new AbortController();
  const { fixture, generate } = await house([
    { calls: [good] },
    () => {
      stop.abort();
      return { hangs: true };
    },
  ]);
  await expect(generate({}, stop.signal)).rejects.toMatchObject({ code: 'canceled' });
  expect(await readdir(join(fixture.root, 'test'))).toEqual(['sign.test.ts']);
}, 30_000);

test('a runner that is not installed is told before a model is asked', async () => {
  const { generate, model } = await house([]);
  await expect(generate({ command: 'no-such-runner --all' })).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/no-such-runner --all.*not found.*install it/s),
  });
  expect(model.requests).toEqual([]);
});

test('a command of its own runs all tests, and the gain is not known', async () => {
  const { generate } = await house([{ calls: [good] }, { text: 'Done.' }]);
  const { coverage, kept } = doneOf(await generate({ command: 'true && bun test' }));
  expect(kept).toMatchObject([
    { path: 'test/minus.test.ts', passed: undefined, newLines: undefined },
  ]);
  expect(coverage).toBeUndefined();
}, 30_000);

test('says what it cannot write tests for', async () => {
  const { generate } = await house([], { 'lib/a.rb': '' });
  await expect(generate({ path: 'src/none.ts' })).rejects.toMatchObject({ code: 'not_found' });
  for (const path of ['src', 'test/sign.test.ts', '/etc/passwd']) {
    await expect(generate({ path })).rejects.toMatchObject({ code: 'invalid_argument' });
  }
  await expect(generate({ path: 'lib/a.rb' })).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringContaining('--command'),
  });
});

test.skipIf(skipsWithout('bubblewrap'))(
  'works in the sandbox, too',
  async () => {
    const sandbox = await findSandbox(process.env.PATH);
    const { generate } = await house([{ calls: [good] }, { text: 'Done.' }], {}, { sandbox });
    expect(doneOf(await generate()).coverage).toEqual({ before: 3, after: 5, total: 6 });
  },
  30_000,
);
