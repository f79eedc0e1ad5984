import { expect, test } from 'bun:test';
import { loginCode } from './login-code.ts';

test('the code that the browser brought', () => {
  expect(loginCode(new URLSearchParams({ code: 'good' }))).toBe('good');
});

test('a login that was refused is told, without what would move the cursor', () => {
  const query = new URLSearchParams({ error: 'x', error_description: 'no\u001b[2J way' });
  expect(() => loginCode(query)).toThrow('the login failed: no\\u001b[2J way');
  expect(() => loginCode(new URLSearchParams())).toThrow('there is no code');
});
