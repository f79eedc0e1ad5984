import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, openStorage, Secret, Spool, type Storage } from '@zeke/foundation';
import {
  type StoppablePostgres,
  skipsWithout,
  stoppablePostgres,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { sql } from 'kysely';
import type { GatewayTables } from '../governance/tables.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const admin = { authorization: 'Bearer the-admin-key' };
const body = { model: 'openai/gpt-4.1-mini', messages: [{ role: 'user', content: 'hello' }] };

describe.skipIf(skipsWithout('postgresql'))('a gateway whose PostgreSQL ends in mid-load', () => {
  const stack = new AsyncDisposableStack();
  let server: StoppablePostgres;
  let storage: Storage<GatewayTables>;
  let openai: Emulator;
  let test_: TestGateway;
  let now = Date.UTC(2026, 10, 21, 12);

  beforeAll(async () => {
    server = stack.use(await stoppablePostgres());
    storage = await openStorage<GatewayTables>(server.url, { connectTimeoutMs: 1_000 });
    openai = startOpenAiEmulator({ apiKeys: ['k'] });
    stack.defer(() => openai.stop());
    const { path: folder } = stack.use(await temporaryDirectory());
    const log = createLogger({ level: 'silent' });
    const spool = async (name: string) =>
      stack.use(await Spool.open({ folder, name, maxBytes: 10_000_000, log }));
    test_ = stack.use(
      await testGateway({
        providers: [
          providerConfig({
            ...{ name: 'openai', type: 'openai', apiKey: 'k' },
            baseUrl: `${openai.url}/v1`,
          }),
        ],
        storage,
        now: () => now,
        spools: {
          ledger: await spool('ledger'),
          audit: await spool('audit'),
          webhook: await spool('webhook'),
        },
        settings: {
          auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
          outageGraceMs: 600_000,
        },
      }),
    );
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  async function newKey(): Promise<Record<string, string>> {
    const made = await test_.post('/admin/keys', { name: 'k' }, admin);
    const { secret } = (await made.json()) as { secret: string };
    return { authorization: `Bearer ${secret}` };
  }

  async function statuses(key: Record<string, string>, count: number): Promise<number[]> {
    const answers = Array.from({ length: count }, async () => {
      const answer = await test_.post('/v1/chat/completions', body, key);
      await answer.text();
      return answer.status;
    });
    return [...new Set(await Promise.all(answers))];
  }

  test('goes on for who was known, keeps every row, and is whole again', async () => {
    const [known, unused] = [await newKey(), await newKey()];
    expect(await statuses(known, 20)).toEqual([200]);
    const load = statuses(known, 40);
    await server.stop('immediate');
    expect(await load).toEqual([200]);
    now += 2_000;
    expect(await statuses(known, 40)).toEqual([200]);
    expect(await statuses(unused, 1)).toEqual([503]);
    expect((await test_.post('/admin/orgs', { name: 'acme' }, admin)).status).toBe(503);
    expect((await test_.get('/admin/usage', admin)).status).toBe(503);
    expect((await test_.get('/ready')).status).toBe(200);
    expect(await test_.gateway.settled().catch(() => 'away')).toBe('away');
    const state = await (await test_.get('/status', admin)).json();
    expect(state).toMatchObject({ ledger: { waiting: 0 } });
    expect((state as { ledger: { spooledBytes: number } }).ledger.spooledBytes).toBeGreaterThan(0);
    now += 600_001;
    expect(await statuses(known, 1)).toEqual([503]);
    expect((await test_.get('/ready')).status).toBe(503);
    await server.start();
    expect(await statuses(known, 10)).toEqual([200]);
    expect(await statuses(unused, 1)).toEqual([200]);
    expect((await test_.get('/ready')).status).toBe(200);
    await test_.gateway.settled();
    const { rows } = await sql<{ n: number; ids: number }>`
      select count(*) as n, count(distinct request_id) as ids from gateway_ledger
      where outcome = 'ok'`.execute(storage.db);
    expect(rows).toEqual([{ n: 111, ids: 111 }]);
    const report = await (await test_.get('/admin/usage', admin)).json();
    expect(report).toMatchObject({ data: [{ calls: 111 }] });
  }, 60_000);
});
