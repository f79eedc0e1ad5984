import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createLogger, loadConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { runDaemon } from '../run-daemon.ts';

test('a running zeke serves its project at /mcp, by rules that are reloaded', async () => {
  await using folder = await temporaryDirectory();
  const root = folder.path;
  await Bun.write(join(root, 'a.txt'), 'alpha\n');
  const toml = (rules: string) =>
    `[server]\nport = 0\n[mcp.serve]\nproject = ${JSON.stringify(root)}\n${rules}`;
  const environment = { ZEKE_HOME: root, PATH: '/usr/local/bin:/usr/bin:/bin' };
  const load = async (rules: string) => {
    await Bun.write(join(root, 'zeke.toml'), toml(rules));
    const loaded = await loadConfig({ cwd: root, environment });
    if (!loaded.ok) throw new Error(loaded.faults.map(({ message }) => message).join());
    return loaded.config;
  };
  const daemon = await runDaemon({
    config: await load(''),
    environment,
    log: createLogger({ level: 'silent' }),
  });
  try {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${daemon.url}/mcp`)));
    const read = () => client.callTool({ name: 'read_file', arguments: { path: 'a.txt' } });
    expect(JSON.stringify((await read()).content)).toContain('alpha');
    const next = await load('[mcp.rules.none]\neffect = "deny"\n');
    await daemon.parts.configure(next, ['mcp.rules']);
    await expect(read()).rejects.toThrow('denied by the rule none');
    await client.close();
    expect(await protocolOver(`${daemon.url.replace('http:', 'ws:')}/mcp`)).toBe('mcp 2025-11-25');
  } finally {
    await daemon.stop();
  }
}, 30_000);

/** The subprotocol of a WebSocket, and the version that is agreed on over it. */
async function protocolOver(url: string): Promise<string> {
  const socket = new WebSocket(url, 'mcp');
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  };
  const answer = await new Promise<string>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('no WebSocket')));
    socket.addEventListener('message', ({ data }) => resolve(`${data}`));
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })),
    );
  });
  socket.close();
  return `${socket.protocol} ${JSON.parse(answer).result.protocolVersion}`;
}
