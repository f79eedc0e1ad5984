import { expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type Brain, startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';

const usage = { input: 10, cachedInput: 0, output: 10, reasoning: 0 };

/** Writes the file once. */
const writer: Brain = ({ turns }) =>
  turns.at(-1)?.role === 'tool'
    ? { text: 'It is there.', finish: 'stop', usage }
    : {
        toolCalls: [{ name: 'write_file', arguments: { path: 'b.txt', content: 'beta\n' } }],
        finish: 'tool-calls',
        usage,
      };

test('zeke mcp serve has a task done for the program that has started it', async () => {
  await using folder = await temporaryDirectory();
  await using emulator = startOpenAiEmulator({ brain: writer });
  const cwd = join(folder.path, 'project');
  await mkdir(join(cwd, '.git'), { recursive: true });
  await Bun.write(
    join(folder.path, 'zeke.toml'),
    `[providers.openai]
type = "openai"
api_key = "emulated"
base_url = "${emulator.url}/v1"
[assistant]
model = "openai/gpt-4.1-mini"
`,
  );
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: join(import.meta.dir, '../../../../zeke'),
    args: ['mcp', 'serve'],
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: folder.path, ZEKE_HOME: folder.path },
    stderr: 'ignore',
  });
  await client.connect(transport, { timeout: 60_000 });
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['ask', 'agent', 'read_file', 'shell_execute']));
  const done = await client.callTool(
    { name: 'agent', arguments: { task: 'write it', mode: 'auto-edit' } },
    { timeout: 60_000 },
  );
  expect(done.structuredContent).toMatchObject({
    status: 'completed',
    summary: 'It is there.',
    changed_files: [{ path: 'b.txt' }],
  });
  expect(await Bun.file(join(cwd, 'b.txt')).text()).toBe('beta\n');
  const { resources } = await client.listResources();
  expect(resources.map(({ uri }) => uri)).toContainEqual(expect.stringMatching(/^session:\/\//));
  await client.close();
}, 120_000);
