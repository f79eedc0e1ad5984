/**
 * The reference servers of MCP at zeke's hub, as people connect them: `everything` over standard input, Streamable
 * HTTP and SSE, `filesystem` and `memory`. Part of `npm run test:clients`; alone with `-- reference-servers`.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { McpServerConfig } from '@zeke/foundation';
import { Hub, type McpQuestion } from '@zeke/mcp';
import { isolated } from './run-agent.ts';

const timeoutMs = 30_000;
const everything = 'everything';
const folder = await realpath(await mkdtemp(join(tmpdir(), 'zeke-reference-')));
const asked: McpQuestion[] = [];

const base = {
  enabled: true,
  protocol: 'auto',
  timeoutMs,
  connectTimeoutMs: timeoutMs,
  maxResultBytes: 1_000_000,
  denyTools: [],
  trust: false,
} as const;

const oauth = { grant: 'authorization_code' } as const;

let passed = 0;
let failed = 0;
await overStandardInput();
for (const transport of ['http', 'sse'] as const) await overNetwork(transport);
await rm(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

async function check(what: string, prove: () => Promise<void>): Promise<void> {
  try {
    await prove();
    passed += 1;
    process.stdout.write(`pass ${what}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAIL ${what}\n${String(error).slice(0, 3_000)}\n`);
  }
}

async function overStandardInput(): Promise<void> {
  await using hub = hubOf([
    program(everything, 'mcp-server-everything'),
    program('files', 'mcp-server-filesystem', folder),
    program('memory', 'mcp-server-memory'),
  ]);
  await check('everything over stdio: tools', () => proveTools(hub));
  await check('everything over stdio: a question to the user', () => proveQuestion(hub));
  await check('everything over stdio: resources, prompts, completion', () => proveOffers(hub));
  await check('filesystem: writes within its folder, and not outside', () => proveFiles(hub));
  await check('memory: what it is told it knows', () => proveMemory(hub));
}

async function overNetwork(transport: 'http' | 'sse'): Promise<void> {
  const port = await freePort();
  const server = Bun.spawn(
    ['mcp-server-everything', transport === 'http' ? 'streamableHttp' : 'sse'],
    { env: { ...isolated, PORT: `${port}` }, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
  );
  try {
    await untilListens(server.stderr);
    const url = `http://127.0.0.1:${port}/${transport === 'http' ? 'mcp' : 'sse'}`;
    await using hub = hubOf([{ ...base, name: everything, transport, url, headers: {}, oauth }]);
    await check(`everything over ${transport}: tools`, () => proveTools(hub));
    await check(`everything over ${transport}: a question to the user`, () => proveQuestion(hub));
    await check(`everything over ${transport}: resources, prompts, completion`, () =>
      proveOffers(hub),
    );
  } finally {
    server.kill();
    await server.exited;
  }
}

async function proveTools(hub: Hub): Promise<void> {
  await hub.loadTools();
  const call = (name: string, args: Record<string, unknown>) =>
    hub.callTool(`${everything}__${name}`, args);
  const sum = await call('get-sum', { a: 2, b: 3 });
  assert.match(textOf(sum), /is 5\./);
  const weather = await call('get-structured-content', { location: 'Chicago' });
  assert.match(JSON.stringify(weather.structuredContent), /"temperature":\d/);
  const image = await call('get-tiny-image', {});
  assert.ok(image.content.some(({ type }) => type === 'image'));
  const told: number[] = [];
  const long = await hub.callTool(
    `${everything}__trigger-long-running-operation`,
    { duration: 1, steps: 4 },
    { onProgress: ({ progress }) => void told.push(progress) },
  );
  assert.match(textOf(long), /completed/);
  assert.ok(told.length > 0 && told.every((step, at) => at === 0 || step > (told[at - 1] ?? 0)));
  const stop = new AbortController();
  const endless = hub.callTool(
    `${everything}__trigger-long-running-operation`,
    { duration: 60, steps: 600 },
    { signal: stop.signal, onProgress: () => stop.abort() },
  );
  await assert.rejects(endless, { code: 'canceled' });
  await assert.rejects(call('get-sum', { a: 'two', b: 3 }), { code: 'invalid_argument' });
}

async function proveQuestion(hub: Hub): Promise<void> {
  asked.length = 0;
  const answered = await hub.callTool(`${everything}__trigger-elicitation-request`, {});
  assert.match(textOf(answered), /Ada/);
  const [question] = asked;
  assert.equal(question?.server, everything);
  const fields = question?.kind === 'form' ? question.fields : [];
  const kinds = ['text', 'boolean', 'integer', 'number', 'choice', 'choices'];
  assert.deepEqual([...new Set(fields.map(({ type }) => type))].sort(), kinds.sort());
}

async function proveOffers(hub: Hub): Promise<void> {
  const { prompts, resources, templates } = await hub.offers(everything);
  assert.ok(resources.length > 0 && templates.length === 2);
  const read = await hub.readResource(everything, 'demo://resource/dynamic/text/7');
  assert.match(JSON.stringify(read.contents), /Resource 7/);
  assert.ok(prompts.some(({ name }) => name === 'args-prompt'));
  const prompt = await hub.getPrompt(everything, 'args-prompt', { city: 'Turin' });
  assert.match(JSON.stringify(prompt.messages), /Turin/);
  const { completion } = await hub.complete(everything, {
    ref: { type: 'ref/prompt', name: 'completable-prompt' },
    argument: { name: 'department', value: 'E' },
  });
  assert.deepEqual(completion.values, ['Engineering']);
}

async function proveFiles(hub: Hub): Promise<void> {
  await hub.loadTools();
  const path = join(folder, 'a.txt');
  await hub.callTool('files__write_file', { path, content: 'alpha\n' });
  assert.equal(await readFile(path, 'utf8'), 'alpha\n');
  const edits = [{ oldText: 'alpha', newText: 'beta' }];
  await hub.callTool('files__edit_file', { path, edits });
  assert.match(textOf(await hub.callTool('files__read_text_file', { path })), /beta/);
  const outside = await hub.callTool('files__read_text_file', { path: '/etc/hostname' });
  assert.equal(outside.isError, true);
}

async function proveMemory(hub: Hub): Promise<void> {
  await hub.loadTools();
  const entities = [{ name: 'zeke', entityType: 'program', observations: ['keeps promises'] }];
  await hub.callTool('memory__create_entities', { entities });
  const found = await hub.callTool('memory__search_nodes', { query: 'promises' });
  assert.match(JSON.stringify(found.structuredContent), /zeke/);
}

function program(name: string, command: string, ...args: string[]): McpServerConfig {
  return { ...base, name, transport: 'stdio', command, args, env: {} };
}

function hubOf(configs: readonly McpServerConfig[]): Hub {
  return new Hub({
    servers: configs.map((config) => ({ config, source: 'config' as const })),
    version: '0.0.0',
    home: folder,
    environment: { ...isolated, HOME: folder, MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
    secrets: { get: async () => undefined, set: nobody, delete: async () => false },
    idleTimeoutMs: 0,
    questions: {
      answer: async (question) => {
        asked.push(question);
        return { action: 'accept', content: { name: 'Ada' } };
      },
    },
  });
}

async function nobody(): Promise<never> {
  throw new Error('no server here has secrets');
}

function textOf({ content }: { readonly content: readonly { readonly type: string }[] }): string {
  return content.map((part) => ('text' in part ? String(part.text) : '')).join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** It says so on its standard error. */
async function untilListens(stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let said = '';
  const reader = stream.getReader();
  while (!/listening on|running on port/i.test(said)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the server ended: ${said}`);
    said += decoder.decode(value, { stream: true });
  }
  // What it says later is read, so that it never waits.
  void (async () => {
    while (!(await reader.read()).done);
  })();
}
