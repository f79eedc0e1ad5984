import { expect, test } from 'bun:test';
import type { McpQuestion } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { defineTool } from '../tools/define-tool.ts';
import type { AgentEvent } from './agent-event.ts';
import { agentFixture, said } from './testing/agent-fixture.ts';

const question: McpQuestion = {
  server: 'docs',
  kind: 'form',
  message: 'Which port?',
  schema: {},
  fields: [
    { name: 'port', type: 'integer', title: '', description: '', isRequired: true, options: [] },
  ],
  check: (content) => {
    const parsed = z.object({ port: z.int() }).safeParse(content);
    if (parsed.success) return parsed.data;
    throw new RpcError('invalid_argument', 'port: it is a whole number');
  },
};

/** As a tool of an MCP server would; `gone` is when the server asks no more. */
function askingTool(gone = new AbortController().signal) {
  return defineTool({
    name: 'ask_docs',
    description: 'Asks.',
    isReadOnly: true,
    input: z.object({}),
    actions: () => [],
    run: async (_, { person }) => ({
      text: JSON.stringify(await person?.ask(question, gone)),
    }),
  });
}

const asking = (): ScriptedModel =>
  new ScriptedModel([{ calls: [{ name: 'ask_docs', arguments: {} }] }, { text: 'done' }]);

type EventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { type: Type }>;

function find<Type extends AgentEvent['type']>(
  events: readonly AgentEvent[],
  type: Type,
): EventOf<Type> | undefined {
  return events.find((event): event is EventOf<Type> => event.type === type);
}

test('a question waits for an answer that fits, and is in the session without it', async () => {
  await using zeke = await agentFixture(asking(), { tools: [askingTool()] });
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    if (event.type !== 'question') continue;
    expect(event).toMatchObject({
      server: 'docs',
      message: 'Which port?',
      fields: question.kind === 'form' ? question.fields : [],
    });
    const { questionId } = event;
    const wrong = { action: 'accept', content: { port: 'x' } } as const;
    expect(() => zeke.agent.answer(questionId, wrong)).toThrow('port: it is a whole number');
    const right = { action: 'accept', content: { port: 8080 } } as const;
    expect(zeke.agent.answer(questionId, right)).toBe(true);
    expect(zeke.agent.answer(questionId, { action: 'decline' })).toBe(false);
  }
  expect(find(events, 'question-answered')).toMatchObject({ action: 'accept' });
  expect(find(events, 'tool-result')?.text).toBe('{"action":"accept","content":{"port":8080}}');
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  const kept = entries.find(({ data }) => data.kind === 'question');
  expect(kept?.data).toMatchObject({ server: 'docs', action: 'accept', by: 'user' });
  expect(JSON.stringify(kept)).not.toContain('8080');
});

test('where nobody is there it is declined, and told', async () => {
  await using zeke = await agentFixture(asking(), { tools: [askingTool()] });
  const events = await zeke.run('go', { onAsk: 'deny' });
  expect(find(events, 'question')).toBeUndefined();
  expect(find(events, 'notice')?.text).toContain('docs asked “Which port?”; nobody is here');
  expect(find(events, 'tool-result')?.text).toBe('{"action":"decline"}');
});

test('one that nobody answers in time, or that the server takes back, is canceled', async () => {
  const gone = new AbortController();
  await using late = await agentFixture(asking(), { tools: [askingTool()] });
  const events = await late.run('go', { approvalTimeoutMs: 5 });
  expect(find(events, 'tool-result')?.text).toBe('{"action":"cancel"}');
  expect(find(events, 'question-answered')).toMatchObject({ action: 'cancel' });
  await using back = await agentFixture(asking(), { tools: [askingTool(gone.signal)] });
  const more: AgentEvent[] = [];
  for await (const event of back.start('go')) {
    more.push(event);
    if (event.type === 'question') gone.abort();
  }
  expect(find(more, 'tool-result')?.text).toBe('{"action":"cancel"}');
  expect(more.at(-1)).toMatchObject({ status: 'completed' });
});

test('a cancel of the run ends the wait', async () => {
  await using zeke = await agentFixture(asking(), { tools: [askingTool()] });
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    if (event.type === 'question') zeke.agent.interrupt(zeke.lastSession);
  }
  expect(find(events, 'tool-result')?.text ?? '').not.toContain('accept');
  expect(events.at(-1)).toMatchObject({ status: 'canceled' });
  expect(events.at(-1)).toMatchObject({ message: said('interrupted') });
});

test("a subagent's question reaches who began the run", async () => {
  const words = (text: string): { name: string; arguments: Record<string, string> } => ({
    name: 'task',
    arguments: { agent: 'explore', description: text, prompt: text },
  });
  const model = new ScriptedModel((request) => {
    const [first] = request.messages;
    const isParent = JSON.stringify(first).includes('go');
    const isAnswered = request.messages.length > 1;
    if (isAnswered) return { text: 'done' };
    return { calls: [isParent ? words('look') : { name: 'ask_docs', arguments: {} }] };
  });
  await using zeke = await agentFixture(model, { tools: [askingTool()] });
  let asked = 0;
  for await (const event of zeke.start('go')) {
    const inner = event.type === 'subagent' ? event.event : undefined;
    if (inner?.type !== 'question') continue;
    asked += 1;
    expect(zeke.agent.answer(inner.questionId, { action: 'decline' })).toBe(true);
  }
  expect(asked).toBe(1);
});
