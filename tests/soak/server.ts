import { join } from 'node:path';
import type { Emulator } from '@zeke/emulators';
import { models } from './traffic.ts';

/** A zeke that is soaked. */
export interface SoakServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Where its database is. */
  readonly home: string;
  readonly keys: Readonly<Record<'plain' | 'poor' | 'slow' | 'wrong', string>>;
  readonly keyIds: Readonly<Record<'poor', string>>;
  /** What the poor key may spend. */
  readonly budgetMicroUsd: number;
  /** Ends it politely; its exit code. */
  stop(): Promise<number>;
}

const launcher = join(import.meta.dir, '../../zeke');
const adminKey = 'soak-admin-key-00000000000000000000';
/** Some hundred answers. */
const budgetUsd = 0.02;

/** Starts zeke with short waits, rates, budgets, a cache, and groups of models. */
export async function startServer(
  home: string,
  { anthropic, openai }: { anthropic: Emulator; openai: Emulator },
): Promise<SoakServer> {
  await Bun.write(join(home, 'zeke.toml'), configuration(openai.url, anthropic.url));
  const log = Bun.file(join(home, 'output.log'));
  const child = Bun.spawn([launcher, 'up', '--port', '0'], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ZEKE_HOME: home },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: log,
  });
  const url = await readyUrl(child.stdout).catch(async (cause: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`zeke did not start: ${await log.text()}`, { cause });
  });
  const ask = (path: string, method: string, body: object) => admin(url, path, method, body);
  const plain = await ask('/admin/keys', 'POST', { name: 'plain' });
  const poor = await ask('/admin/keys', 'POST', { name: 'poor' });
  const slow = await ask('/admin/keys', 'POST', { name: 'slow', tier: 'slow' });
  const budget = { kind: 'key', id: poor.id, period: 'month', mode: 'hard', limit_usd: budgetUsd };
  await ask('/admin/budgets', 'PUT', budget);
  return {
    url,
    pid: child.pid,
    home,
    keys: { plain: plain.secret, poor: poor.secret, slow: slow.secret, wrong: 'zk-no-such-key' },
    keyIds: { poor: poor.id },
    budgetMicroUsd: budgetUsd * 1_000_000,
    stop: () => {
      child.kill('SIGTERM');
      return child.exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

function configuration(openaiUrl: string, anthropicUrl: string): string {
  return `[server]
first_token_timeout_ms = 2000
answer_timeout_ms = 2000
idle_timeout_ms = 2000

[auth]
require_auth = true
admin_api_key = "${adminKey}"

[providers.openai]
type = "openai"
base_url = "${openaiUrl}/v1"
api_key = "sk-emulated"

[providers.anthropic]
type = "anthropic"
base_url = "${anthropicUrl}"
api_key = "sk-emulated"

[models.in-order]
candidates = ["${models.openai}", "${models.anthropic}"]

[models.raced]
strategy = "race"
candidates = ["${models.openai}", "${models.anthropic}"]

[routing]
breaker_failures = 50
breaker_window_ms = 1000
breaker_open_ms = 250

[limits]
enabled = true
default_tier = "unlimited"
auth_failures_per_minute = 1000000

[limits.tiers.slow]
requests_per_minute = 600
burst = 5

[cache]
enabled = true
`;
}

interface MadeKey {
  id: string;
  secret: string;
}

async function admin(url: string, path: string, method: string, body: object): Promise<MadeKey> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as MadeKey;
}

/** What `zeke up` prints when it takes requests. The rest is read, too, so that no pipe fills. */
async function readyUrl(output: ReadableStream<Uint8Array>): Promise<string> {
  const found = Promise.withResolvers<string>();
  const read = async () => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const bytes of output) {
      text = `${text}${decoder.decode(bytes, { stream: true })}`.slice(-10_000);
      const url = /ready at (\S+)\n/.exec(text)?.[1];
      if (url !== undefined) found.resolve(url);
    }
    found.reject(new Error('it ended'));
  };
  read().catch(found.reject);
  return found.promise;
}
