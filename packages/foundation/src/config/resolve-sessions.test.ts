import { expect, test } from 'bun:test';
import { checkSessions, resolveSessions } from './resolve-sessions.ts';
import { configSchema, modelSchema } from './schema.ts';

const alias = (more: object) => modelSchema.parse({ candidates: ['a/x'], ...more });

test('no session is kept unless an alias says so', () => {
  expect(resolveSessions(alias({}))).toEqual({});
  expect(resolveSessions(alias({ stickiness: 'none' }))).toEqual({});
});

test('sessions are told apart by their id, else by the conversation, or as the alias says', () => {
  expect(resolveSessions(alias({ stickiness: 'turn' }))).toEqual({
    stickiness: 'turn',
    sessionBy: ['id', 'conversation'],
  });
  const given = alias({ stickiness: 'session', session_by: ['header:x-chat', 'user'] });
  expect(resolveSessions(given)).toEqual({
    stickiness: 'session',
    sessionBy: ['header:x-chat', 'user'],
  });
});

test.each([
  [['cookie'], 'it must be id, user, conversation, key or header:NAME in small letters'],
  [['header:X-Chat'], 'it must be id, user, conversation, key or header:NAME in small letters'],
  [['header:a b'], 'it must be id, user, conversation, key or header:NAME in small letters'],
  [[], 'the list is empty'],
  ['id', 'it must be a list'],
])('session_by %j is refused', (by, message) => {
  const models = { fast: { candidates: ['a/x'], stickiness: 'session', session_by: by } };
  const { error } = configSchema.safeParse({ models });
  expect(error?.issues.map((issue) => issue.message)).toEqual([message]);
});

test('who says how sessions are told apart, and keeps none, is told so', () => {
  const faults: string[] = [];
  const models = { fast: alias({ session_by: ['id'] }), slow: alias({ stickiness: 'turn' }) };
  checkSessions(models, (path, message) => faults.push(`${path.join('.')}: ${message}`));
  expect(faults).toEqual([
    'fast.session_by: no session is kept: set stickiness to session or turn',
  ]);
});
