import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { listConfigKeys, loadConfig } from './load-config.ts';

async function load(toml: string, environment: Record<string, string> = {}) {
  await using folder = await temporaryDirectory();
  await Bun.write(join(folder.path, 'zeke.toml'), toml);
  const cwd = folder.path;
  const result = await loadConfig({ cwd, environment: { ZEKE_HOME: cwd, ...environment } });
  return { result, cwd };
}

async function servers(toml: string, environment?: Record<string, string>) {
  const { result, cwd } = await load(toml, environment);
  if (!result.ok) throw new Error(result.faults.map((fault) => fault.message).join('; '));
  return { mcp: result.config.mcp, cwd };
}

async function faults(toml: string) {
  const { result } = await load(toml);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
}

test('a program, with secrets behind references and a folder beside the file', async () => {
  const { mcp, cwd } = await servers(
    `[mcp.servers.files]
command = "npx"
args = ["-y", "server", ""]
cwd = "sub"
env = { TOKEN = "env:FILES_TOKEN" }
deny_tools = ["delete_*"]
max_result_kb = 1.5`,
    { FILES_TOKEN: 'hidden' },
  );
  const files = mcp.servers.get('files');
  expect(files).toMatchObject({
    transport: 'stdio',
    command: 'npx',
    args: ['-y', 'server', ''],
    cwd: join(cwd, 'sub'),
    denyTools: ['delete_*'],
    maxResultBytes: 1536,
    timeoutMs: 60_000,
    enabled: true,
    trust: false,
    protocol: 'auto',
  });
  expect(files?.transport === 'stdio' && files.env.TOKEN?.reveal()).toBe('hidden');
  expect(JSON.stringify(files)).not.toContain('hidden');
});

test('the address says how it is called, unless it is said', async () => {
  const { mcp } = await servers(`[mcp.servers]
a = { url = "https://example.com/mcp", headers = { Authorization = "Bearer x" } }
b = { url = "wss://example.com/mcp" }
c = { url = "http://example.com/sse", transport = "sse", oauth_scopes = ["read"] }`);
  expect([...mcp.servers.values()].map(({ transport }) => transport)).toEqual([
    'http',
    'websocket',
    'sse',
  ]);
  const first = mcp.servers.get('a');
  expect(first?.transport === 'http' && first.headers.authorization?.reveal()).toBe('Bearer x');
  expect(mcp.servers.get('c')).toMatchObject({ oauth: { scopes: ['read'] } });
});

test('what does not fit together is told, each by its key', async () => {
  expect(
    await faults(`[mcp.servers]
neither = { enabled = true }
both = { command = "a", url = "http://b" }
local = { command = "a", headers = { a = "b" }, oauth_client_id = "c" }
remote = { url = "http://b", args = ["a"] }
wrong = { url = "ws://b", transport = "sse" }
machine = { url = "http://b", oauth_grant = "client_credentials" }`),
  ).toEqual([
    'mcp.servers.neither: it needs a command to start, or a url to call',
    'mcp.servers.both.url: a server has a command or a url, not both',
    'mcp.servers.local.headers: only a server with a url has it',
    'mcp.servers.local.oauth_client_id: only a server with a url has it',
    'mcp.servers.remote.args: only a server with a command has it',
    'mcp.servers.wrong.transport: sse does not go over ws://',
    'mcp.servers.machine.oauth_grant: client_credentials needs oauth_client_id and oauth_client_secret',
  ]);
});

test('a key that is misspelt, and a name that no tool could have', async () => {
  expect(await faults('[mcp.servers.a]\ncomand = "x"')).toEqual([
    'mcp.servers.a.comand: there is no such key; did you mean command?',
  ]);
  expect(await faults('[mcp.servers."a b"]\ncommand = "x"')).toEqual([
    'mcp.servers."a b": a name is at most 64 letters, digits, ".", "_" and "-"',
  ]);
});

test('the environment lays over the file, and all keys are documented', async () => {
  const { mcp } = await servers('[mcp.servers.files]\ncommand = "a"', {
    ZEKE_MCP_SERVERS_FILES_TIMEOUT_MS: '5',
    ZEKE_MCP_PROJECT_SERVERS: 'false',
  });
  expect(mcp.servers.get('files')?.timeoutMs).toBe(5);
  expect(mcp.projectServers).toBe(false);
  const keys = (await listConfigKeys()).filter(({ path }) => path.startsWith('mcp.'));
  expect(keys.map(({ path }) => path)).toContain('mcp.servers.<name>.oauth_client_id');
  expect(keys.every(({ description }) => description !== '')).toBe(true);
});
