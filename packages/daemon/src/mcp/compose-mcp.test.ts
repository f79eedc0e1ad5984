import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { fileTools, openProject } from '@zeke/assistant';
import { createLogger, loadConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { Hub, HubQuestions, ToolPins } from '@zeke/mcp';
import { type Composition, compose } from '../compose.ts';
import { mcpGuard, mcpServer } from './compose-mcp.ts';
import { type McpDoor, mcpDoor } from './mcp-door.ts';

const stack = new AsyncDisposableStack();
let parts: Composition;
let door: McpDoor;
let root: string;

beforeAll(async () => {
  root = stack.use(await temporaryDirectory()).path;
  await Bun.write(join(root, 'a.txt'), 'alpha\n');
  await Bun.write(
    join(root, 'zeke.toml'),
    `[auth]
admin_api_key = "the-admin-key-of-tests"
[mcp.serve]
callers = ["key_*"]
[mcp.rules.no-env]
effect = "deny"
arguments = { "$.path" = "*.env" }
reason = "secrets stay here"
`,
  );
  const loaded = await loadConfig({ cwd: root, environment: { ZEKE_HOME: root } });
  if (!loaded.ok) throw new Error(loaded.faults.map(({ message }) => message).join());
  const { config } = loaded;
  const log = createLogger({ level: 'silent' });
  parts = stack.use(await compose({ config, environment: {}, fetch, now: Date.now, log }));
  const { gateway } = parts;
  const questions = new HubQuestions();
  const pins = new ToolPins(join(root, 'pins.json'));
  const guard = mcpGuard({ config, gateway, log, pins, hub: () => hub });
  const hub: Hub = stack.use(
    new Hub({
      servers: [],
      version: '0',
      home: root,
      environment: {},
      secrets: {
        get: async () => undefined,
        set: async () => ({}) as never,
        delete: async () => false,
      },
      idleTimeoutMs: 0,
      guard,
      questions: questions.questions,
    }),
  );
  const project = await openProject(root);
  const server = stack.use(
    mcpServer({ config, log, guard, hub, questions, project, tools: fileTools() }),
  );
  door = mcpDoor({ server, gateway, serve: () => config.mcp.serve });
});
afterAll(() => stack.disposeAsync());

let next = 0;

async function ask(method: string, params: object = {}, key?: string) {
  next += 1;
  const name = (params as { name?: string; uri?: string }).name ?? (params as { uri?: string }).uri;
  const response = await door.handle(
    new Request('http://127.0.0.1:8080/mcp', {
      method: 'POST',
      headers: {
        host: '127.0.0.1:8080',
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(name === undefined ? {} : { 'mcp-name': name }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: next,
        method,
        params: {
          ...params,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    }),
  );
  const answer = (await response.json()) as {
    result?: {
      content?: { text: string }[];
      contents?: { text: string }[];
      isError?: boolean;
    } & Record<string, { name: string }[]>;
    error?: { code: number; message: string; data?: { consentId?: string } };
  };
  return { status: response.status, ...answer };
}

function call(name: string, args: object, key?: string) {
  return ask('tools/call', { name, arguments: args }, key);
}

test('tools have the names that MCP clients know them by', async () => {
  const { result } = await ask('tools/list');
  const names = result?.tools?.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['read_file', 'write_file', 'list_directory', 'delete_file']),
  );
});

describe('who sends no key', () => {
  test('reads files of the project, and is on the audit log', async () => {
    const { result } = await call('read_file', { path: 'a.txt' });
    expect(result?.content?.[0]?.text).toContain('alpha');
    const [entry] = await parts.gateway.audit.list({ order: 'desc', limit: 1, all: true });
    expect(entry).toMatchObject({
      actor: 'local',
      action: 'mcp.call',
      objectKind: 'mcp-tool',
      objectId: 'read_file',
      outcome: 'ok',
      detail: { verdict: 'allowed', scopes: ['fs.read'], argumentsHash: expect.any(String) },
    });
  });

  test('is refused by a rule', async () => {
    expect((await call('read_file', { path: 'sub/.env' })).error).toMatchObject({
      code: -32_003,
      message: 'read_file: denied by the rule no-env of mcp.rules: secrets stay here',
      data: { reason: 'denied' },
    });
  });

  test('changes nothing before somebody has said so, where consent is asked for', async () => {
    const written = call('write_file', { path: 'b.txt', content: 'beta\n' });
    const asked = await firstConsent();
    expect(asked.for).toMatchObject([{ policy: 'keyless', tool: 'write_file' }]);
    expect(await Bun.file(join(root, 'b.txt')).exists()).toBe(false);
    await decide(asked.consent_id, 'allow_once');
    expect((await written).result?.isError).toBeUndefined();
    expect(await Bun.file(join(root, 'b.txt')).text()).toBe('beta\n');
  });

  test('is told when it was refused', async () => {
    const written = call('write_file', { path: 'c.txt', content: 'gamma\n' });
    const asked = await firstConsent();
    await decide(asked.consent_id, 'deny');
    expect((await written).error).toMatchObject({
      code: -32_006,
      data: { consentId: asked.consent_id },
    });
    expect(await Bun.file(join(root, 'c.txt')).exists()).toBe(false);
  });
});

test('the operator needs no consent', async () => {
  const { result } = await call(
    'write_file',
    { path: 'd.txt', content: 'delta\n' },
    'the-admin-key-of-tests',
  );
  expect(result?.isError).toBeUndefined();
  expect(await Bun.file(join(root, 'd.txt')).text()).toBe('delta\n');
});

test('no path leads out of the project', async () => {
  const { result } = await call('read_file', { path: '/etc/hostname' }, 'the-admin-key-of-tests');
  expect(result).toMatchObject({ isError: true });
  expect(result?.content?.[0]?.text).toContain('outside of the project');
  const read = await ask(
    'resources/read',
    { uri: 'file:///etc/hostname' },
    'the-admin-key-of-tests',
  );
  expect(read.error?.code).toBe(-32_003);
});

test('files are resources', async () => {
  const { result } = await ask('resources/list');
  const uri = `file://${root}/a.txt`;
  expect(result?.resources).toContainEqual({ uri, name: 'a.txt', mimeType: 'text/plain' } as never);
  const read = await ask('resources/read', { uri });
  expect(read.result?.contents?.[0]).toMatchObject({ uri, text: 'alpha\n' });
});

test('a key has to be named, and a wrong one is no key', async () => {
  const { secret } = await parts.gateway.keys.create({
    name: 'ada',
    owner: 'ada',
    scopes: ['inference'],
  });
  const { result } = await call('read_file', { path: 'a.txt' }, secret);
  expect(result?.content?.[0]?.text).toContain('alpha');
  const wrong = await call('read_file', { path: 'a.txt' }, `${secret}x`);
  expect(wrong).toMatchObject({ status: 401, error: { code: -32_007 } });
});

interface Asked {
  readonly consent_id: string;
  readonly for: readonly object[];
}

/** The question that waits, as `zeke consent list` shows it, once it is there. */
async function firstConsent(): Promise<Asked> {
  for (;;) {
    const response = await admin('GET');
    const { data } = (await response.json()) as { data: Asked[] };
    if (data[0]) return data[0];
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function decide(consentId: string, decision: string): Promise<void> {
  const response = await admin('POST', JSON.stringify({ consent_id: consentId, decision }));
  expect(response.status).toBe(200);
}

function admin(method: string, body?: string): Promise<Response> {
  return parts.gateway.handle(
    new Request('http://127.0.0.1:8080/admin/consent', {
      method,
      headers: {
        authorization: 'Bearer the-admin-key-of-tests',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body }),
    }),
  );
}
