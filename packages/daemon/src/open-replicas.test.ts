import { describe, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, loadConfig } from '@zeke/foundation';
import { redisServer, skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { type Composition, compose } from './compose.ts';

const log = createLogger({ level: 'silent' });

/** A composition of a file, as a process of its own has it. */
async function composed(folder: string, text: string): Promise<Composition> {
  await writeFile(join(folder, 'zeke.toml'), text);
  const loaded = await loadConfig({ cwd: folder, environment: { ZEKE_HOME: folder } });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return compose({ config: loaded.config, environment: {}, fetch, now: Date.now, log });
}

describe.skipIf(skipsWithout('redis-server'))('replicas of one redis.url', () => {
  test('share the rate of a key', async () => {
    await using redis = await redisServer({ flags: ['--requirepass', 'right-password'] });
    await using folder = await temporaryDirectory();
    const emulator = startOpenAiEmulator({ apiKeys: ['k'] });
    await using _ = { [Symbol.asyncDispose]: () => emulator.stop() };
    const text = `
      [auth]
      require_auth = true
      [redis]
      url = "${redis.url}"
      password = "right-password"
      timeout_ms = 2000
      [limits]
      enabled = true
      default_tier = "few"
      [limits.tiers.few]
      requests_per_minute = 4
      [providers.one]
      type = "openai"
      api_key = "k"
      base_url = "${emulator.url}/v1"
    `;
    await using first = await composed(folder.path, text);
    await using second = await composed(folder.path, text);
    const { secret } = await first.gateway.keys.create({ name: 'k', owner: 'ada' });
    const ask = ({ gateway }: Composition) =>
      gateway.handle(
        new Request('http://127.0.0.1/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}` },
          body: JSON.stringify({
            model: 'one/gpt-4.1-mini',
            messages: [{ role: 'user', content: 'a' }],
          }),
        }),
      );
    const answers = await Promise.all([first, second, first, second, first, second].map(ask));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429, 429]);
  });

  test('read their configuration again when another has put a change in force', async () => {
    await using redis = await redisServer();
    await using folder = await temporaryDirectory();
    const text = `[redis]\nurl = "${redis.url}"\ntimeout_ms = 2000\n`;
    await using first = await composed(folder.path, text);
    await using second = await composed(folder.path, text);
    const told = new Promise<void>((resolve) => second.gateway.onReloadElsewhere(resolve));
    first.gateway.onReloadElsewhere(() => expect.unreachable());
    await first.gateway.recordReload(['providers.one']);
    await told;
  });

  test('do not start with a wrong password, and say what to change', async () => {
    await using redis = await redisServer({ flags: ['--requirepass', 'right-password'] });
    await using folder = await temporaryDirectory();
    const text = `[redis]\nurl = "${redis.url}"\npassword = "wrong"\n`;
    await expect(composed(folder.path, text)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('redis.password'),
    });
  });

  test('start without a Redis that is not there yet', async () => {
    await using folder = await temporaryDirectory();
    const text = `[redis]\nurl = "redis+unix://${folder.path}/none.sock"\n`;
    await using parts = await composed(folder.path, text);
    const answer = await parts.gateway.handle(new Request('http://127.0.0.1/health'));
    expect(answer.status).toBe(200);
  });
});
