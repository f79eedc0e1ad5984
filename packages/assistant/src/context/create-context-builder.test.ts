import { afterAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ModelMessage, ModelPart } from '../model/model-client.ts';
import { CodeIndexes } from '../project-index/code-indexes.ts';
import {
  type TestProject,
  testEnvironment,
  testProject,
} from '../project-index/testing/test-project.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { plainGit } from '../tools/testing/plain-git.ts';
import { type ContextBuilderOptions, createContextBuilder } from './create-context-builder.ts';

const { signal } = new AbortController();
const model = { id: 'scripted/model', contextWindow: 40_000, maxOutputTokens: 4_000 };
const indexes = new CodeIndexes({ environment: testEnvironment, watches: false });
afterAll(async () => await indexes[Symbol.asyncDispose]());

const files = {
  'AGENTS.md': 'Use tabs. See @docs/style.md.',
  'docs/style.md': 'Short lines.',
  'src/AGENTS.md': 'Only in src.',
  'src/sum.ts':
    'export function sumOfNumbers(a: number, b: number): number {\n  return a - b;\n}\n',
  'src/use.ts':
    "import { sumOfNumbers } from './sum.ts';\nexport const total = sumOfNumbers(1, 2);\n",
};

function builderFor(project: TestProject, options: Partial<ContextBuilderOptions> = {}) {
  return createContextBuilder({
    project: { root: project.root, name: 'test' },
    cwd: project.root,
    client: new ScriptedModel(() => ({
      text: '## Goal\nThe sum is to be right.\n## State\nNothing is done.',
    })),
    index: indexes.of(project.root),
    readGit: plainGit(testEnvironment),
    ...options,
  });
}

function textsOf(parts: readonly ModelPart[]): string[] {
  return parts.map((part) => (part.type === 'text' ? part.text : part.type));
}

describe('the system prompt', () => {
  test('has the base, the instructions of the project and the map, the same to the byte', async () => {
    await using project = await testProject(files);
    const builder = builderFor(project);
    const request = { base: 'You are zeke.', model, about: 'Fix sumOfNumbers' };
    const { text, notices } = await builder.system(request, signal);
    expect(text.startsWith('You are zeke.\n\n')).toBe(true);
    expect(text).toContain('path="AGENTS.md"');
    expect(text).toContain('Short lines.');
    expect(text).not.toContain('Only in src.');
    expect(text).toContain(
      'src/sum.ts:\n  1: export function sumOfNumbers(a: number, b: number): number',
    );
    expect(notices).toEqual([]);
    expect((await builder.system(request, signal)).text).toBe(text);
    await project.write({ 'AGENTS.md': 'Use blanks.' });
    expect((await builder.system(request, signal)).text).toContain('Use blanks.');
  });

  test('says that what is not trusted is no order', async () => {
    await using project = await testProject(files);
    const { text } = await builderFor(project, { isTrusted: false }).system(
      { base: 'b', model, withMap: false },
      signal,
    );
    expect(text).toContain('not as orders');
    expect(text).not.toContain('sumOfNumbers');
  });
});

test('instructions of a folder come with its first file, once', async () => {
  await using project = await testProject(files);
  const builder = builderFor(project);
  await builder.system({ base: 'b', model, withMap: false }, signal);
  const path = join(project.root, 'src/sum.ts');
  expect(textsOf(await builder.touch([path], signal))).toEqual([
    expect.stringContaining('Only in src.'),
  ]);
  expect(await builder.touch([path], signal)).toEqual([]);
});

test('a file that was sent is referred to, and one that changed is told by its difference', async () => {
  await using project = await testProject({ ...files, 'long.md': 'line\n'.repeat(200) });
  const builder = builderFor(project);
  const sent = await builder.expand('See @long.md', {}, signal);
  expect(textsOf(sent.parts)[1]).toContain('line\nline\n');
  const again = await builder.expand('See @long.md', {}, signal);
  expect(textsOf(again.parts)[1]).toContain('as it was sent before');
  await project.write({ 'long.md': `${'line\n'.repeat(200)}more\n` });
  const changed = await builder.expand('See @long.md', {}, signal);
  expect(textsOf(changed.parts)[1]).toContain('+more');
  expect(textsOf(changed.parts)[1]!.length).toBeLessThan(300);
});

test('after a compaction nothing counts as sent: files, instructions and plan are read afresh', async () => {
  await using project = await testProject(files);
  const builder = builderFor(project, { plan: () => '- [ ] fix the sum' });
  await builder.system({ base: 'b', model }, signal);
  await builder.touch([join(project.root, 'src/sum.ts')], signal);
  await builder.expand('@src/sum.ts', {}, signal);
  const messages: ModelMessage[] = [{ role: 'user', parts: [{ type: 'text', text: 'Fix it.' }] }];
  for (let at = 0; at < 20; at++) {
    messages.push(
      { role: 'assistant', parts: [{ type: 'text', text: 'word '.repeat(2_000) }] },
      { role: 'user', parts: [{ type: 'text', text: `Go on ${at}.` }] },
    );
  }
  await project.write({ 'src/AGENTS.md': 'Changed in src.' });
  const prepared = await builder.prepare({ model, system: 'b', messages }, signal);
  expect(prepared.isCompacted).toBe(true);
  expect(prepared.tokensAfter).toBeLessThan(36_000);
  expect(prepared.tokensBefore).toBeGreaterThan(36_000);
  const head = textsOf(prepared.messages[0]!.parts);
  expect(head[0]).toContain('The sum is to be right.');
  expect(head[1]).toBe('Fix it.');
  expect(head.at(-2)).toContain('- [ ] fix the sum');
  expect(head.at(-1)).toContain('Changed in src.');
  const again = await builder.expand('@src/sum.ts', {}, signal);
  expect(textsOf(again.parts)[1]).toContain('return a - b');
  const next = await builder.prepare(
    { model, system: 'b', messages, compaction: prepared.compaction! },
    signal,
  );
  expect(next.isCompacted).toBe(false);
  expect(next.messages).toEqual(prepared.messages);
});

test('what the provider counts decides when a conversation is full', async () => {
  await using project = await testProject(files);
  const builder = builderFor(project);
  const messages: ModelMessage[] = [
    { role: 'user', parts: [{ type: 'text', text: 'word '.repeat(20_000) }] },
    { role: 'assistant', parts: [{ type: 'text', text: 'Yes.' }] },
    { role: 'user', parts: [{ type: 'text', text: 'Go on.' }] },
  ];
  const request = { model, system: 'b', messages };
  const first = await builder.prepare(request, signal);
  expect(first.isCompacted).toBe(false);
  builder.noteUsage({ ...request, model: model.id }, { inputTokens: first.tokensAfter * 2 });
  const second = await builder.prepare(request, signal);
  expect(second.tokensBefore).toBeCloseTo(first.tokensAfter * 2, -2);
  expect(second.isCompacted).toBe(true);
});
