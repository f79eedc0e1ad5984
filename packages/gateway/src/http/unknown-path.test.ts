import { describe, expect, test } from 'bun:test';
import { testGateway } from '../testing/test-gateway.ts';
import { createRouter } from './routes.ts';
import { unknownPath } from './unknown-path.ts';

const router = createRouter();

function told(method: string, path: string, headers: Record<string, string> = {}) {
  const request = new Request(`http://127.0.0.1${path}`, { method, headers });
  const { encode, error, headers: extra } = unknownPath(router, request, path);
  return { ...encode(error, 'req_1'), headers: extra, message: error.message };
}

describe('is told in the shape of who asks there', () => {
  const anthropic = { type: 'error', error: { type: expect.any(String) } };
  const gemini = { error: { code: 404, status: 'NOT_FOUND' } };
  const ollama = { error: expect.any(String) };
  const openai = { error: { message: expect.any(String), type: expect.any(String) } };

  test.each([
    ['POST', '/v1/messages/batches', {}, anthropic],
    ['GET', '/v1/messages', {}, anthropic],
    ['GET', '/v1/skills', { 'anthropic-version': '2023-06-01' }, anthropic],
    ['GET', '/v1beta/cachedContents', {}, gemini],
    ['GET', '/v1/cachedContents', { 'x-goog-api-key': 'k' }, gemini],
    ['POST', '/api/pull', {}, ollama],
    ['POST', '/v1/assistants', {}, openai],
    ['GET', '/nothing', {}, openai],
  ])('%s %s %p', (method, path, headers, shape) => {
    expect(told(method, path, headers).body).toMatchObject(shape);
  });
});

test('a path that takes other methods says which', () => {
  const { headers, message, status } = told('GET', '/v1/messages');
  expect(status).toBe(405);
  expect(headers).toEqual({ allow: 'POST' });
  expect(message).toBe('/v1/messages takes POST, not GET');
});

test.each([
  ['POST', '/chat/completions', '/v1/chat/completions'],
  ['POST', '/v1/chat/completions/', '/v1/chat/completions'],
  ['POST', '/v1/v1/messages', '/v1/messages'],
  ['POST', '//v1//messages', '/v1/messages'],
  ['POST', '/v1/api/chat', '/api/chat'],
  ['POST', '/chat', '/api/chat'],
  ['GET', '/models', '/v1/models'],
  ['POST', '/v1/chat/completion', '/v1/chat/completions'],
])('%s %s is meant for %s', (method, path, meant) => {
  expect(told(method, path).message).toBe(
    `there is no ${method} ${path}: did you mean ${meant}? /openapi.json lists what there is`,
  );
});

test('a path like none is told without a guess', () => {
  expect(told('GET', '/wp-login.php').message).toBe(
    'there is no GET /wp-login.php; /openapi.json lists what there is',
  );
  expect(told('GET', `/${'x'.repeat(500)}`).message).not.toContain('did you mean');
});

test('the gateway answers so, with the methods in a header', async () => {
  await using gateway = await testGateway({ providers: [] });
  const answer = await gateway.get('/v1/messages');
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe('POST');
  expect(await answer.json()).toMatchObject({ type: 'error' });
  const shape = await (await gateway.post('/api/pull', {})).json();
  expect(shape).toEqual({ error: expect.stringContaining('there is no POST /api/pull') });
});
