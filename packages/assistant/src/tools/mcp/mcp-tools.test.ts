import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Hub, type McpAnswer, type McpQuestion } from '@zeke/mcp';
import { toolBench } from '../testing/tool-bench.ts';
import type { Tool } from '../tool.ts';
import { CallQuestions } from './call-questions.ts';
import { mcpResourceTools } from './mcp-resource-tools.ts';
import { mcpTools } from './mcp-tools.ts';
import { resultOutput } from './result-output.ts';

const program = join(import.meta.dir, '../../../../mcp/src/client/testing/fixture-program.ts');
const questions = new CallQuestions();
let hub: Hub;
let tools: Tool[];

beforeAll(async () => {
  hub = new Hub({
    servers: [
      {
        source: 'config',
        config: {
          name: 'one',
          transport: 'stdio',
          command: process.execPath,
          args: [program, 'both'],
          env: {},
          enabled: true,
          protocol: 'auto',
          timeoutMs: 20_000,
          connectTimeoutMs: 20_000,
          maxResultBytes: 10_000,
          denyTools: [],
          trust: true,
        },
      },
    ],
    version: '0.0.0',
    home: import.meta.dir,
    environment: { PATH: process.env.PATH },
    secrets: {
      get: async () => undefined,
      set: async () => Promise.reject(),
      delete: async () => false,
    },
    questions: questions.questions,
    idleTimeoutMs: 0,
  });
  await hub.loadTools();
  tools = [...mcpTools(hub, questions), ...mcpResourceTools(hub, questions)] as Tool[];
}, 20_000);

afterAll(() => hub[Symbol.asyncDispose]());

test('a tool of a server is told to models and judged by its own name', async () => {
  await using bench = await toolBench(tools);
  const echo = bench.tool('one__echo');
  expect(echo.description).toBe('Says it again\n(a tool of the MCP server one)');
  expect(echo.parameters).toMatchObject({ type: 'object', properties: { text: {} } });
  expect([echo.isReadOnly, bench.tool('one__add').isReadOnly]).toEqual([true, false]);
  expect(await bench.actions('one__echo', { text: 'a' })).toEqual([
    { kind: 'mcp', server: 'one', tool: 'echo' },
  ]);
  expect(await bench.call('one__echo', { text: 'hello' })).toEqual({
    text: 'hello',
    summary: 'hello',
  });
  expect((await bench.call('one__add', { a: 1, b: 2 })).text).toBe('{"sum":3}');
});

test('failures are told, of the tool, of its arguments and of its server', async () => {
  await using bench = await toolBench(tools);
  expect(await bench.call('one__fail', {})).toMatchObject({
    isError: true,
    text: 'it did not work',
  });
  const wrong = await bench.call('one__add', { a: 'x' });
  expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('add of one: ') });
  expect(() => bench.tool('one__add').parse([])).toThrow('one__add: arguments: ');
  const crashed = await bench.call('one__crash', {});
  expect(crashed).toMatchObject({ isError: true });
  expect((await bench.call('one__echo', { text: 'again' })).text).toBe('again');
});

test('progress is shown, and a canceled call is thrown', async () => {
  await using bench = await toolBench(tools);
  const stopped = new AbortController();
  const told: string[] = [];
  const call = bench.call(
    'one__work',
    { steps: 2 },
    {
      signal: stopped.signal,
      onProgress: (text) => {
        told.push(text);
        if (told.length === 2) stopped.abort();
      },
    },
  );
  await expect(call).rejects.toMatchObject({ code: 'canceled' });
  expect(told).toEqual(['1 of 2: step 1', '2 of 2: step 2']);
});

test('what a server asks goes to the person of the call, and to nobody else', async () => {
  await using bench = await toolBench(tools);
  const asked: string[] = [];
  const person = (id: string, answer: McpAnswer, during?: () => Promise<unknown>) => ({
    id,
    ask: async (question: McpQuestion) => {
      asked.push(`${id}: ${question.server}: ${question.message}`);
      await during?.();
      return answer;
    },
  });
  const ada = { action: 'accept', content: { name: 'Ada' } } as const;
  const mine = { person: person('a', ada) };
  expect((await bench.call('one__ask', {}, mine)).text).toBe('hello Ada');
  const declined = await bench.call('one__ask', {}, { person: person('a', { action: 'decline' }) });
  expect(declined.text).toStartWith('decline\n[The MCP server one asked the user');
  const alone = await bench.call('one__ask', {});
  expect(alone.text).toStartWith('decline\n[The MCP server one asked the user');
  // While a call of somebody else is under way, nobody can tell whose question it is.
  const others = { person: person('b', ada), callId: 'other' };
  let second: Promise<{ text: string }> | undefined;
  const begin = async () => {
    second = bench.call('one__ask', {}, others);
    expect((await second).text).toBe('cancel');
  };
  const first = await bench.call('one__ask', {}, { person: person('a', ada, begin) });
  expect(first.text).toBe('hello Ada');
  expect(asked).toEqual(Array.from({ length: 3 }, () => 'a: one: Your name?'));
});

test('resources are listed and read', async () => {
  await using bench = await toolBench(tools);
  const listed = await bench.call('list_mcp_resources', { server: 'one' });
  expect(listed.text).toBe('note://one note\nnote://{name} notes');
  const read = await bench.call('read_mcp_resource', { server: 'one', uri: 'note://two' });
  expect(read).toEqual({ text: 'note two', summary: 'one: note://two' });
  expect(() => bench.tool('list_mcp_resources').parse({ server: 'two' })).toThrow('server');
  const missing = await bench.call('read_mcp_resource', { server: 'one', uri: 'x://y' });
  expect(missing).toMatchObject({ isError: true });
});

test('images are shown, and what a model cannot be shown is named', () => {
  const output = resultOutput({
    content: [
      { type: 'image', mimeType: 'image/png', data: 'AAAA' },
      { type: 'image', mimeType: 'image/tiff', data: 'AAAA' },
      { type: 'audio', mimeType: 'audio/wav', data: 'AAAAAAAA' },
      { type: 'resource', resource: { uri: 'a://b', text: 'inside' } },
      { type: 'resource_link', uri: 'a://c', name: 'c', description: 'the third' },
    ],
  });
  expect(output.images).toEqual([{ mediaType: 'image/png', base64: 'AAAA' }]);
  expect(output.text.split('\n')).toEqual([
    '[image image/tiff, 4 bytes of base64]',
    '[audio audio/wav, 8 bytes of base64]',
    'a://b',
    'inside',
    'a://c: the third',
  ]);
  expect(resultOutput({ content: [] }).text).toBe('(the tool gave nothing back)');
});
