import { describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { openStorage } from '@zeke/foundation';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { gatewayMigrations } from '../governance/migrations.ts';
import type { GatewayTables } from '../governance/tables.ts';
import {
  admin,
  budgetedGateway,
  budgetsOf,
  keyOf,
  messages,
  model,
  setBudget,
} from '../testing/budgeted-gateway.ts';
import { SharedRedis, until } from '../testing/shared-redis.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

/** Two gateways over one database and one Redis. */
async function pair() {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await SharedRedis.start());
  const folder = stack.use(await temporaryDirectory());
  const emulators: Record<'anthropic' | 'openai', Emulator> = {
    openai: startOpenAiEmulator({ apiKeys: ['k'] }),
    anthropic: startAnthropicEmulator({ apiKeys: ['k'] }),
  };
  for (const emulator of Object.values(emulators)) stack.defer(() => emulator.stop());
  const gateways: TestGateway[] = [];
  for (let index = 0; index < 2; index++) {
    const storage = await openStorage<GatewayTables>(`sqlite:${folder.path}/zeke.db`);
    await storage.migrate([gatewayMigrations]);
    const { replicas } = await redis.join();
    gateways.push(stack.use(await budgetedGateway(emulators, { storage, replicas })));
  }
  const [here, there] = gateways as [TestGateway, TestGateway];
  return { redis, here, there, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const ask = (gateway: TestGateway, headers: Record<string, string>) =>
  gateway.post('/v1/chat/completions', { model, messages, max_tokens: 100 }, headers);

describe.skipIf(skipsWithout('redis-server'))('what one replica changes, another knows', () => {
  test('a revoked key is refused, without a look at the database', async () => {
    await using both = await pair();
    const { headers, id } = await keyOf(both.here);
    expect((await ask(both.there, headers)).status).toBe(200);
    const { keys } = both.there.gateway;
    const told = new Promise<void>((resolve) => {
      const forget = keys.forget.bind(keys);
      keys.forget = () => {
        forget();
        resolve();
      };
    });
    await both.here.gateway.keys.revoke(id);
    await told;
    expect((await ask(both.there, headers)).status).toBe(401);
  });

  test('a new budget holds everywhere, and one that is gone nowhere', async () => {
    await using both = await pair();
    const { headers, id } = await keyOf(both.here);
    expect((await ask(both.there, headers)).status).toBe(200);
    const budget = { kind: 'key', id, mode: 'hard', limit_micro_usd: 1 };
    await setBudget(both.here, budget);
    await until(async () => (await ask(both.there, headers)).status === 429);
    expect(await budgetsOf(both.there)).toMatchObject([{ limitMicroUsd: 1 }]);
    await both.here.gateway.handle(
      new Request(`http://127.0.0.1/admin/budgets/key/${id}/month/hard`, {
        method: 'DELETE',
        headers: admin,
      }),
    );
    await until(async () => (await ask(both.there, headers)).status === 200);
  });

  test('a breaker that opened is open for all', async () => {
    await using redis = await SharedRedis.start();
    const two: TestGateway[] = [];
    // The second finds nothing out for itself.
    for (const failures of [2, 1_000]) {
      const { replicas } = await redis.join();
      const settings = { circuit: { failures, windowMs: 60_000, openMs: 60_000 } };
      // Nobody listens there.
      const baseUrl = 'http://127.0.0.1:1/v1';
      const provider = providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl });
      two.push(await testGateway({ providers: [provider], settings, replicas }));
    }
    const [here, there] = two as [TestGateway, TestGateway];
    await using _ = here;
    await using __ = there;
    const reasonOf = async (gateway: TestGateway) => {
      const response = await gateway.post('/v1/chat/completions', { model, messages });
      return ((await response.json()) as { error: { message: string } }).error.message;
    };
    await reasonOf(here);
    await reasonOf(here);
    await until(async () => (await reasonOf(there)).includes('has failed too often'));
    expect(await reasonOf(here)).toContain('has failed too often');
  });

  test('what one has spent counts for the other, at once', async () => {
    await using both = await pair();
    const { headers, id } = await keyOf(both.here);
    // One answer costs some $0.0001, and $0.001 is held for each.
    await setBudget(both.here, { kind: 'key', id, limit_micro_usd: 5_000 });
    for (const gateway of [both.here, both.there, both.here]) {
      expect((await ask(gateway, headers)).status).toBe(200);
    }
    await both.here.gateway.settled();
    await both.there.gateway.settled();
    const [known] = await budgetsOf(both.here);
    expect(await budgetsOf(both.there)).toEqual([known as Record<string, unknown>]);
    expect(known?.spentMicroUsd as number).toBeGreaterThan(0);
    expect(known?.reservedMicroUsd).toBe(0);
  });
});
