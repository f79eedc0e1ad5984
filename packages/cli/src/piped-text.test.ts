import { expect, test } from 'bun:test';
import { withPiped } from './piped-text.ts';

test('what is piped in is the words, or material beside them that mentions nothing', () => {
  expect(withPiped('', 'fix it')).toBe('fix it');
  expect(withPiped('fix it', ' ')).toBe('fix it');
  expect(withPiped('why?', 'see @https://a.test')).toBe('why?\n\n```\nsee @https://a.test\n```');
  expect(withPiped('why?', 'a\n````\nb')).toBe('why?\n\n`````\na\n````\nb\n`````');
});
