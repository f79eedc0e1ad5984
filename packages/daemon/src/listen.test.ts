import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createLogger, loadConfig, type ResolvedConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { type Daemon, runDaemon } from './run-daemon.ts';

const environment = {};
const log = createLogger({ level: 'silent' });

async function configured(home: string, toml: string): Promise<ResolvedConfig> {
  await Bun.write(`${home}/zeke.toml`, toml);
  const result = await loadConfig({ cwd: home, environment: { ZEKE_HOME: home } });
  if (!result.ok) throw new Error('it has faults');
  return result.config;
}

describe('an admin API with an address of its own', () => {
  const stack = new AsyncDisposableStack();
  let daemon: Daemon;

  beforeAll(async () => {
    const { path } = stack.use(await temporaryDirectory());
    const config = await configured(path, 'server = { port = 0, admin_port = 0 }');
    daemon = await runDaemon({ config, environment, log });
    stack.defer(() => daemon.stop());
  });
  afterAll(() => stack.disposeAsync());

  const status = async (base: string | undefined, path: string, method = 'GET') => {
    const answer = await fetch(`${base}${path}`, { method });
    await answer.body?.cancel();
    return answer.status;
  };

  test.each(['/admin/keys', '/admin/usage', '/admin/audit', '/status', '/metrics', '/cache/stats'])(
    '%s is there and nowhere else',
    async (path) => {
      expect(await status(daemon.adminUrl, path)).toBe(200);
      expect(await status(daemon.url, path)).toBe(404);
    },
  );

  test('what changes something is not to be guessed at elsewhere, either', async () => {
    expect(await status(daemon.url, '/admin/keys', 'POST')).toBe(404);
    expect(await status(daemon.url, '/admin/keys/key_1', 'DELETE')).toBe(404);
    expect(await status(daemon.adminUrl, '/admin/keys', 'PUT')).toBe(405);
  });

  test.each(['/v1/models', '/omen/providers', '/'])('%s is elsewhere', async (path) => {
    expect(await status(daemon.url, path)).toBe(200);
    expect(await status(daemon.adminUrl, path)).toBe(404);
  });

  test.each(['/health', '/openapi.json'])('%s is at both', async (path) => {
    expect(await status(daemon.url, path)).toBe(200);
    expect(await status(daemon.adminUrl, path)).toBe(200);
  });

  test('the rules for names of hosts and other origins are the same', async () => {
    const headers = { origin: 'http://evil.example' };
    const answer = await fetch(`${daemon.adminUrl}/admin/keys`, { headers });
    expect(answer.status).toBe(403);
  });
});

test('where the second address cannot be had, nothing listens', async () => {
  await using directory = await temporaryDirectory();
  const taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const toml = `server = { port = 0, admin_port = ${taken.port} }`;
  const config = await configured(directory.path, toml);
  await expect(runDaemon({ config, environment, log })).rejects.toMatchObject({
    code: 'failed_precondition',
  });
  await taken.stop(true);
});
