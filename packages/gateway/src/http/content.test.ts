import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { sql } from 'kysely';
import type { Content, ContentSettings } from '../governance/content/content-store.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const admin = { authorization: 'Bearer the-admin-key' };
const model = 'openai/gpt-4.1-mini';
const messages = [{ role: 'user', content: 'a secret of the house' }];
let openai: Emulator;
let test_: TestGateway;

const settings: ContentSettings = {
  keep: 'everything',
  keys: new Set(),
  orgs: new Set(),
  projects: new Set(),
  keepMs: 86_400_000,
  maxBytes: 10_000,
  key: new Uint8Array(32).fill(7),
};

async function open(content: ContentSettings | undefined): Promise<void> {
  test_ = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
    ],
    settings: {
      auth: { requireAuth: false, adminApiKey: new Secret('the-admin-key') },
      content,
    },
  });
}

beforeEach(() => {
  openai = startOpenAiEmulator({ apiKeys: ['k'] });
});
afterEach(async () => {
  await test_[Symbol.asyncDispose]();
  await openai.stop();
});

async function chat(body: object = {}, headers: Record<string, string> = {}) {
  const answer = await test_.post('/v1/chat/completions', { model, messages, ...body }, headers);
  const text = await answer.text();
  return { id: answer.headers.get('x-request-id') ?? '', text, status: answer.status };
}

async function kept(id: string): Promise<Content> {
  const answer = await test_.get(`/admin/content/${id}`, admin);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Content;
}

describe('content that is kept', () => {
  test('is what was sent and answered, whole and as a stream, and also of what failed', async () => {
    await open(settings);
    for (const stream of [false, true]) {
      const { id, text } = await chat({ stream });
      const content = await kept(id);
      expect(JSON.parse(content.prompt.text)).toMatchObject({ model, messages });
      expect(content.answer).toEqual({ text, bytes: Buffer.byteLength(text) });
      expect(content).toMatchObject({ endpoint: 'chat-completions', model, httpStatus: 200 });
    }
    const failed = await chat({ model: 'nobody/has-it' });
    expect(failed.status).toBeGreaterThanOrEqual(400);
    expect((await kept(failed.id)).answer.text).toBe(failed.text);
  });

  test('is sealed, and that it was read is on the audit log', async () => {
    await open(settings);
    const { id } = await chat();
    await kept(id);
    const { rows } = await sql<{ sealed: Uint8Array }>`
      select sealed from gateway_content`.execute(test_.storage.db);
    expect(Buffer.from(rows[0]?.sealed ?? []).toString('latin1')).not.toContain('secret');
    const log = await (await test_.get('/admin/audit?action=content.read', admin)).text();
    expect(JSON.parse(log).data[0]).toMatchObject({ objectId: id, outcome: 'ok' });
    expect(log).not.toContain('secret of the house');
  });

  test('is cut off at its limit, and its size is told', async () => {
    await open({ ...settings, maxBytes: 100 });
    const { id, text } = await chat({ messages: [{ role: 'user', content: 'x'.repeat(5_000) }] });
    const { answer, prompt } = await kept(id);
    expect(prompt.text).toHaveLength(100);
    expect(prompt.bytes).toBeGreaterThan(5_000);
    expect(answer).toEqual({ text: text.slice(0, 100), bytes: Buffer.byteLength(text) });
  });

  test('is that of who is listed', async () => {
    await open({ ...settings, keep: 'listed', projects: new Set(['shop']) });
    const listed = await chat({}, { 'x-project': 'shop' });
    expect(await kept(listed.id)).toMatchObject({ project: 'shop' });
    const other = await chat({}, { 'x-project': 'bank' });
    expect((await test_.get(`/admin/content/${other.id}`, admin)).status).toBe(404);
  });

  test('goes after its time, or when it is told to', async () => {
    await open(settings);
    const first = await chat();
    const second = await chat();
    await kept(second.id);
    const remove = new Request(`http://127.0.0.1/admin/content/${first.id}`, {
      method: 'DELETE',
      headers: admin,
    });
    expect((await test_.gateway.handle(remove)).status).toBe(200);
    expect((await test_.get(`/admin/content/${first.id}`, admin)).status).toBe(404);
    test_.configure({ content: { ...settings, keepMs: -1_000 } });
    test_.gateway.start();
    await test_.gateway[Symbol.asyncDispose]();
    const { rows } = await sql`select 1 from gateway_content`.execute(test_.storage.db);
    expect(rows).toEqual([]);
  });

  test('does not open with another key, and not under another name', async () => {
    await open(settings);
    const [first, second] = [await chat(), await chat()];
    await kept(second.id);
    await sql`update gateway_content set sealed =
      (select sealed from gateway_content where request_id = ${second.id})
      where request_id = ${first.id}`.execute(test_.storage.db);
    expect((await test_.get(`/admin/content/${first.id}`, admin)).status).toBe(502);
    const key = new Uint8Array(32).fill(8);
    test_.configure({
      auth: { requireAuth: false, adminApiKey: new Secret('the-admin-key') },
      content: { ...settings, key },
    });
    const answer = await test_.get(`/admin/content/${second.id}`, admin);
    expect(await answer.text()).toContain('sealed with the key');
  });

  test('is for who may read it alone', async () => {
    await open(settings);
    const { id } = await chat();
    expect((await test_.get(`/admin/content/${id}`)).status).toBe(403);
  });
});

test('nothing is kept where it is not switched on', async () => {
  await open(undefined);
  const { id } = await chat();
  await test_.gateway.settled();
  expect((await test_.get(`/admin/content/${id}`, admin)).status).toBe(404);
  const { rows } = await sql`select 1 from gateway_content`.execute(test_.storage.db);
  expect(rows).toEqual([]);
});
