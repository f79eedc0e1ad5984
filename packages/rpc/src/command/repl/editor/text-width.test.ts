import { expect, test } from 'bun:test';
import { nextOffset, previousOffset, textWidth } from './text-width.ts';

test('a text is as wide as a terminal shows it', () => {
  const cases: [text: string, width: number][] = [
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['한글', 4],
    ['ｆｕ', 4],
    ['👩‍👩‍👧', 2],
    ['🇵🇹', 2],
    ['❤️', 2],
    ['\u200b', 0],
    ['→…', 2],
  ];
  for (const [text, width] of cases) expect([text, textWidth(text)]).toEqual([text, width]);
});

test('offsets go from one character that a reader sees to the next, and back', () => {
  const text = 'a👩‍👩‍👧e\u0301z';
  const offsets: number[] = [];
  for (let at = 0; at < text.length; at = nextOffset(text, at)) offsets.push(at);
  expect(offsets).toEqual([0, 1, 9, 11]);
  const back: number[] = [];
  for (let at = text.length; at > 0; at = back[0] as number) back.unshift(previousOffset(text, at));
  expect(back).toEqual(offsets);
  expect(nextOffset(text, 99)).toBe(text.length);
  expect(previousOffset(text, 0)).toBe(0);
});
