import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { openStorage } from '@zeke/foundation';
import {
  postgresDatabase,
  redisServer,
  skipsWithout,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { Balancer } from './testing/balancer.ts';
import { processTimeoutMs, type RunningZeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs * 2);

const adminKey = 'the-admin-key-of-tests';

function configuration(postgres: string, redis: string, { url }: Emulator): string {
  return `
[server]
drain_delay_ms = 400
[auth]
require_auth = true
admin_api_key = "${adminKey}"
[storage]
url = "${postgres}"
[redis]
url = "${redis}"
timeout_ms = 10000
[providers.rack]
type = "openai"
api_key = "k"
base_url = "${url}/v1"
`;
}

async function admin<T>(url: string, method: string, path: string, body: object): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${adminKey}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

interface Tables {
  gateway_ledger: {
    request_id: string;
    outcome: string;
    key_id: string;
    /** As a number or its digits. */
    cost_micro_usd: number | string;
  };
}

/** Asks again and again, whole answers and streams; every failure is kept. */
class Load {
  /** By request id. */
  readonly answered: string[] = [];
  readonly failed: unknown[] = [];
  readonly #balancer: Balancer;
  readonly #key: string;
  readonly #workers: Promise<void>[];
  #ending = false;

  constructor(balancer: Balancer, key: string, workers: number) {
    this.#balancer = balancer;
    this.#key = key;
    this.#workers = Array.from({ length: workers }, (_, index) => this.#work(index % 2 === 0));
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#workers);
  }

  async #work(stream: boolean): Promise<void> {
    while (!this.#ending && this.failed.length === 0) {
      try {
        const response = await this.#balancer.send('/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: `Bearer ${this.#key}` },
          body: JSON.stringify({
            model: 'rack/gpt-4o',
            stream,
            messages: [{ role: 'user', content: 'hi' }],
          }),
        });
        const text = await response.text();
        const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}');
        if (response.ok && isWhole) this.answered.push(response.headers.get('x-request-id') ?? '');
        else this.failed.push(text);
      } catch (error) {
        this.failed.push(error);
      }
    }
  }
}

const isSkipped = skipsWithout('postgresql') || skipsWithout('redis-server');

describe.skipIf(isSkipped)('rolling restart', () => {
  test('two replicas, one after the other, under load: no request fails, nothing is lost', async () => {
    await using emulator = startOpenAiEmulator({ recordDelayMs: 2 });
    await using postgres = await postgresDatabase();
    await using redis = await redisServer();
    await using home = await temporaryDirectory();
    const toml = configuration(postgres.url, redis.url, emulator);
    await writeFile(join(home.path, 'zeke.toml'), toml);
    const start = (flags: string[] = []) => zekeUp(flags, { home: home.path });
    // The first brings the database up to date.
    const replicas: RunningZeke[] = [await start(), await start()];
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => {
      for (const replica of replicas) await replica[Symbol.asyncDispose]();
    });
    await using balancer = new Balancer();
    const [first, second] = replicas as [RunningZeke, RunningZeke];
    const key = await admin<{ id: string; secret: string }>(first.url, 'POST', '/admin/keys', {
      name: 'load',
      owner: 'tests',
    });
    await admin(second.url, 'PUT', '/admin/budgets', {
      kind: 'key',
      id: key.id,
      period: 'day',
      mode: 'hard',
      limit_usd: 1_000,
    });
    for (const { url } of replicas) balancer.add(url);
    const load = new Load(balancer, key.secret, 6);
    await balancer.served(first.url, 5);
    await balancer.served(second.url, 5);
    for (const old of [first, second]) {
      old.kill('SIGTERM');
      expect(await old.exited).toBe(exitCodes.ok);
      balancer.remove(old.url);
      const { port } = new URL(old.url);
      const next = await start(['--port', port]);
      replicas.push(next);
      expect(next.url).toBe(old.url);
      balancer.add(next.url);
      await balancer.served(next.url, 5);
    }
    await load.end();
    expect(load.failed).toEqual([]);

    for (const replica of replicas.slice(2)) {
      replica.kill('SIGTERM');
      expect(await replica.exited).toBe(exitCodes.ok);
    }
    await using storage = await openStorage<Tables>(postgres.url);
    const rows = await storage.db
      .selectFrom('gateway_ledger')
      .select(['request_id', 'outcome', 'cost_micro_usd', 'key_id'])
      .execute();
    expect(rows.map(({ request_id: id }) => id).sort()).toEqual(load.answered.sort());
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    expect(new Set(rows.map(({ key_id: id }) => id))).toEqual(new Set([key.id]));
    const cost = rows.reduce((sum, row) => sum + Number(row.cost_micro_usd), 0);
    expect(cost).toBeGreaterThan(0);
    // Who comes after all of them knows what was spent.
    const last = await start();
    replicas.push(last);
    expect(await budgetSpent(last.url, key.id)).toBe(cost);
  });
});

/** In micro-USD. */
async function budgetSpent(url: string, key: string): Promise<number | undefined> {
  const response = await fetch(`${url}/admin/budgets`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  const { data } = (await response.json()) as { data: { id: string; spentMicroUsd: number }[] };
  return data.find(({ id }) => id === key)?.spentMicroUsd;
}
