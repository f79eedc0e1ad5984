import { expect, test } from 'bun:test';
import { agentFixture } from '../agent/testing/agent-fixture.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { loadExtensions } from './load-extensions.ts';
import { skillTools } from './skill-tool.ts';

const skill = { name: 'charts', description: 'Draws charts', folder: '/shop/c', body: 'Use bars.' };

test('an agent of the project works with its prompt and its tools, and faults are told once', async () => {
  const model = new ScriptedModel([{ text: 'looked' }, { text: 'again' }]);
  await using zeke = await agentFixture(model, {
    options: {
      agents: async (project) =>
        loadExtensions({ zekeHome: zeke.home, project, toolNames: ['read'] }),
    },
  });
  await zeke.write(
    '.zeke/agents/looker.md',
    '---\ndescription: Looks\ntools: [read]\n---\nYou look at shops.',
  );
  await zeke.write('.zeke/agents/bad.md', 'no head');
  const events = await zeke.run('look', { agent: 'looker' });
  expect(events.filter(({ type }) => type === 'notice')).toEqual([
    { type: 'notice', text: '.zeke/agents/bad.md:1 description: say in a line what it is for' },
  ]);
  expect(model.requests[0]?.system).toContain('You look at shops.');
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['read']);
  // What the folder says later counts for later runs, also of the same session.
  await zeke.write('.zeke/agents/looker.md', '---\ndescription: Looks\n---\nYou look at streets.');
  await zeke.run('look', { agent: 'looker', sessionId: zeke.lastSession });
  expect(model.requests[1]?.system).toContain('You look at streets.');
  const task = model.requests[1]?.tools?.find(({ name }) => name === 'task');
  expect(task?.description).toContain('- looker: Looks');
  await expect(zeke.run('look', { agent: 'nobody' })).rejects.toThrow('there is no agent nobody');
});

test('a subagent may be one of the project', async () => {
  const model = new ScriptedModel([
    {
      calls: [{ name: 'task', arguments: { agent: 'looker', description: 'x', prompt: 'look' } }],
    },
    { text: 'I saw it' },
    { text: 'done' },
  ]);
  const looker = { name: 'looker', description: 'Looks', prompt: 'You look.', isReadOnly: true };
  const agents = async () => ({ agents: [looker], faults: ['a fault'] });
  await using zeke = await agentFixture(model, { options: { agents } });
  const events = await zeke.run('go');
  expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({ text: 'I saw it' });
  expect(model.requests[1]?.system).toContain('You look.');
  const faults = events.filter((event) => JSON.stringify(event).includes('a fault'));
  expect(faults).toHaveLength(1);
});

test('the tool skill names all, and gives the body of one', async () => {
  const call = (name: string) => ({ name: 'skill', arguments: { name } });
  const model = new ScriptedModel([{ calls: [call('charts'), call('chart')] }, { text: 'done' }]);
  await using zeke = await agentFixture(model, { tools: skillTools([skill]) });
  const events = await zeke.run('draw');
  const told = model.requests[0]?.tools?.find(({ name }) => name === 'skill');
  expect(told?.description).toEndWith('There are:\n- charts: Draws charts');
  const results = events.flatMap((event) => (event.type === 'tool-result' ? [event] : []));
  expect(results).toMatchObject([
    { isError: false, text: 'Use bars.\n\n[Paths in it start at /shop/c.]' },
    { isError: true, text: 'There is no skill chart. Did you mean charts?' },
  ]);
  expect(skillTools([])).toEqual([]);
});

test('descriptions of many skills are bounded; beyond it only names are told', () => {
  const many = Array.from({ length: 50 }, (_, at) => ({
    ...skill,
    name: `s${at}`,
    description: 'd'.repeat(1_000),
  }));
  const [tool] = skillTools(many);
  expect(tool?.description.length).toBeLessThan(22_000);
  expect(tool?.description).toEndWith('\n- s49');
});
