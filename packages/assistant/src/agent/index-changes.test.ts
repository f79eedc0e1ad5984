import { afterAll, expect, test } from 'bun:test';
import { createContextBuilder } from '../context/create-context-builder.ts';
import { CodeIndexes } from '../project-index/code-indexes.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { agentFixture, writeCall } from './testing/agent-fixture.ts';

const environment = { PATH: process.env.PATH ?? '' };
const indexes = new CodeIndexes({ environment, watches: false });
afterAll(() => indexes[Symbol.asyncDispose]());

test("symbols follow the agent's own edits before its next step, though nothing is watched", async () => {
  const source = (name: string) => `export function ${name}(): number {\n  return 1;\n}\n`;
  const seen: (readonly string[])[] = [];
  const model = new ScriptedModel((request) => {
    const { table } = indexes.of(zeke.root);
    const known = ['first', 'second', 'other', 'hidden'].filter(
      (name) => table.find(name).length > 0,
    );
    seen.push(known);
    const step = request.messages.length;
    if (step === 1) return { calls: [writeCall('a.ts', source('first'))] };
    if (step === 3)
      return { calls: [writeCall('a.ts', source('second')), writeCall('b.ts', source('other'))] };
    return step === 5 ? { calls: [writeCall('ignored.ts', source('hidden'))] } : { text: 'done' };
  });
  await using zeke = await agentFixture(model, {
    options: {
      context: async (place) =>
        createContextBuilder({ ...place, client: model, index: indexes.of(place.project.root) }),
    },
  });
  Bun.spawnSync(['git', 'init', '-q', zeke.root]);
  await zeke.write('.gitignore', 'ignored.ts\n');
  await indexes.of(zeke.root).build();
  await zeke.run('go');
  expect(seen).toEqual([[], ['first'], ['second', 'other'], ['second', 'other']]);
});
