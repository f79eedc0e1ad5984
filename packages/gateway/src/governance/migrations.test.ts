import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openStorage } from '@zeke/foundation';
import { postgresDatabase, temporaryDirectory } from '@zeke/foundation/testing';
import { gatewayMigrations } from './migrations.ts';
import type { GatewayTables } from './tables.ts';
import { storageKinds } from './testing/test-storage.ts';

const dayMs = 86_400_000;
const day = 20_000;

/** The columns that a row of the ledger had before there were budgets and could not do without. */
function oldRow(keyId: string | null, provider: string, atMs: number, cost: number | null) {
  const texts = ['model', 'requested_model', 'operation', 'caller_dialect', 'provider_dialect'];
  const counts = ['input', 'output', 'cached_input', 'cache_write_5m', 'cache_write_1h'];
  const more = ['reasoning', 'audio_input', 'audio_output', 'image_input', 'image_output'];
  return {
    ...Object.fromEntries(texts.map((name) => [name, 'x'])),
    ...Object.fromEntries([...counts, ...more].map((name) => [`${name}_tokens`, 0])),
    at_ms: atMs,
    request_id: 'req_1',
    attempt: 1,
    key_id: keyId,
    provider,
    streamed: false,
    outcome: 'ok',
    estimated: false,
    cost_micro_usd: cost,
    latency_ms: 1,
  };
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`migrations on ${kind}`, () => {
    test('what the ledger had before budgets is spent by key and provider, day by day', async () => {
      await using stack = new AsyncDisposableStack();
      const url =
        kind === 'sqlite'
          ? `sqlite:${join(stack.use(await temporaryDirectory()).path, 'zeke.db')}`
          : stack.use(await postgresDatabase()).url;
      const storage = stack.use(await openStorage<GatewayTables>(url));
      const { migrations, owner } = gatewayMigrations;
      await storage.migrate([{ owner, migrations: migrations.slice(0, 3) }]);
      const rows = [
        oldRow('key_1', 'openai', day * dayMs, 10),
        oldRow('key_1', 'openai', (day + 1) * dayMs - 1, 5),
        oldRow('key_1', 'xai', (day + 1) * dayMs, 7),
        oldRow(null, 'openai', day * dayMs, 1),
        oldRow('key_2', 'openai', day * dayMs, null),
      ];
      for (const row of rows) {
        await storage.db
          .insertInto('gateway_ledger')
          .values(row as never)
          .execute();
      }
      await storage.migrate([gatewayMigrations]);
      const spent = await storage.db
        .selectFrom('gateway_spend')
        .selectAll()
        .orderBy('kind')
        .orderBy('id')
        .orderBy('day')
        .execute();
      expect(spent).toEqual([
        { kind: 'key', id: 'key_1', day, micro_usd: 15 },
        { kind: 'key', id: 'key_1', day: day + 1, micro_usd: 7 },
        { kind: 'provider', id: 'openai', day, micro_usd: 16 },
        { kind: 'provider', id: 'xai', day: day + 1, micro_usd: 7 },
      ]);
    });
  });
}
