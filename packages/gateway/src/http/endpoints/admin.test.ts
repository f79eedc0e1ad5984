import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type TestGateway, testGateway } from '../../testing/test-gateway.ts';

let fixture: TestGateway;

beforeAll(async () => {
  fixture = await testGateway({ providers: [] });
});

afterAll(() => fixture[Symbol.asyncDispose]());

/** What a refusal says. */
async function refusal(response: Response | Promise<Response>): Promise<string> {
  const answer = await response;
  expect(answer.status).toBe(400);
  return ((await answer.json()) as { error: { message: string } }).error.message;
}

describe('a key is refused in words', () => {
  test.each([
    [{}, 'name: it is missing'],
    [{ name: 1 }, 'name: it must be text'],
    [{ name: '' }, 'name: it is empty'],
    [{ name: 'x'.repeat(201) }, 'name: it is longer than 200 characters'],
    [{ name: 'two\nlines' }, 'name: it has a line break or another control character'],
    [{ name: 'x', owner: '\u001b[31m' }, 'owner: it has a line break or another control character'],
    [{ name: 'x', scopes: 'admin' }, 'scopes: it must be a list'],
    [{ name: 'x', scopes: [] }, 'scopes: the list is empty'],
    [{ name: 'x', scopes: ['root'] }, 'scopes.0: it must be one of inference, admin'],
    [
      { name: 'x', expires_at: '2027-02-30T00:00:00Z' },
      'expires_at: it must be a time such as 2027-01-31T12:00:00Z',
    ],
    [{ name: 'x', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at: it is in the past'],
    [{ name: 'x', tier: 'gold' }, 'tier: there is no tier gold; there are unlimited'],
    [
      { name: 'x', scope: ['admin'] },
      'scope: there is no such field, but name, owner, scopes, allowed_models, expires_at, user_id, team_id, tier, privacy',
    ],
  ])('%j', async (body, message) => {
    expect(await refusal(fixture.post('/admin/keys', body))).toBe(message);
  });

  test('and a good one is made', async () => {
    const body = { name: 'Ada’s laptop 💻', expires_at: '2999-01-01T00:00:00Z' };
    expect((await fixture.post('/admin/keys', body)).status).toBe(201);
  });
});

describe('a report is refused in words', () => {
  test.each([
    [
      'group_by=day,colour',
      'group_by.1: it must be one of day, key, owner, org, team, user, model, provider',
    ],
    ['from=2026-02-30', 'from: it must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z'],
    ['from=2026-02-02&to=2026-02-01', 'from: it is later than to'],
    [
      'by=day',
      'by: there is no such field, but group_by, from, to, key, model, provider, org, team, user',
    ],
  ])('%s', async (query, message) => {
    expect(await refusal(fixture.get(`/admin/usage?${query}`))).toBe(message);
  });
});
