import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Brain } from '@zeke/emulators';
import { connectDaemon, type DaemonClient } from '@zeke/protocol/client';
import { StepStatus, type StepUpdate } from '@zeke/protocol/reaper';
import { type AssistantBench, assistantBench, tokensOfAnswer } from '../testing/index.ts';

/** Says who it is, what it was asked, and whether there are skills. */
const echo: Brain = ({ model, tools, turns }) => {
  const hasSkills = tools.some(({ name }) => name === 'skill');
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? '';
  const text = `${model}|${asked}|${hasSkills}`;
  return { text, finish: 'stop', usage: tokensOfAnswer };
};

let bench: AssistantBench;
let client: DaemonClient;

beforeAll(async () => {
  bench = await assistantBench({
    brain: echo,
    files: {
      'a.ts': 'export const a = 1;\n',
      '.zeke/agents/poet.md': '---\ndescription: Writes verse\n---\nYou rhyme.\n',
      '.zeke/agents/build.md': '---\ndescription: Mine\n---\nObey.\n',
      '.zeke/commands/sing.md':
        '---\ndescription: Sings\nagent: poet\nmodel: openai/gpt-4.1\n---\nSing of $1 and @file:a.ts.\n',
      '.zeke/skills/charts/SKILL.md': '---\ndescription: Draws charts\n---\nUse bars.\n',
    },
  });
  client = await connectDaemon({ socket: bench.socket });
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

async function run(instruction: string, request = {}): Promise<StepUpdate[]> {
  return await Array.fromAsync(client.agent.execute({ instruction, cwd: bench.root, ...request }));
}

test('a command is filled, with its agent and model, and its mentions stand for files', async () => {
  const updates = await run('/sing "the sea"');
  const { message, status } = updates.at(-1) ?? {};
  expect(status).toBe(StepStatus.completed);
  expect(message).toStartWith('gpt-4.1|Sing of the sea and @file:a.ts.');
  expect(message).toContain('export const a = 1;');
  expect(message).toEndWith('|true');
  const sent = new TextDecoder().decode(bench.emulator.requests.at(-1)?.body);
  expect(sent.includes('You rhyme.')).toBe(true);
  const told = updates.flatMap(({ event }) => (event.case === 'notice' ? [event.value.text] : []));
  expect(told).toContain(
    ".zeke/agents/build.md:1 build is an agent of zeke's own: take another name",
  );
});

test('what the caller says counts before what the command says', async () => {
  const updates = await run('/sing x', { model: 'openai/gpt-4.1-mini', agent: 'plan' });
  expect(updates.at(-1)?.message).toStartWith('gpt-4.1-mini|');
});

test('/help lists commands without asking a model; a wrong name is told', async () => {
  const before = bench.emulator.requests.length;
  const updates = await run('/help');
  const texts = updates.map(({ event }) => (event.case === 'text' ? event.value.text : ''));
  expect(texts.join('')).toBe('/sing  Sings\n');
  expect(updates.at(-1)).toMatchObject({ status: StepStatus.completed, message: '1 command' });
  await expect(run('/sign')).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'there is no command /sign: did you mean /sing?; a space before it sends it as it is',
  });
  await expect(run('/help', { cwd: 'relative' })).rejects.toThrow('cwd');
  expect(bench.emulator.requests.length).toBe(before);
});
