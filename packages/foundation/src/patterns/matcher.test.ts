import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Fit, Matcher } from './matcher.ts';
import { parsePattern } from './parse-pattern.ts';

/** All places that a pattern fits, as `[start, end]`, for every start its longest. */
function fitsOf(source: string, text: string, maxChars = 1_000): [number, number][] {
  const matcher = new Matcher([parsePattern(source)], maxChars);
  const found: [number, number][] = [];
  for (let start = 0; start < text.length; start++) {
    const before = start === 0 ? matcher.textStart : classBefore(matcher, text, start);
    const fits: Fit[] = [];
    expect(matcher.try(text, start, before, true, fits)).toBe('decided');
    const longest = fits.at(-1);
    if (longest) found.push([start, longest.end]);
  }
  return found;
}

function classBefore(matcher: Matcher, text: string, at: number): number {
  return matcher.classOf[text.charCodeAt(at - 1)] ?? 0;
}

/** The same by JavaScript's own expressions, which are tried for every end. */
function oracle(source: string, text: string): [number, number][] {
  const found: [number, number][] = [];
  for (let start = 0; start < text.length; start++) {
    for (let end = text.length; end > start; end--) {
      const whole = new RegExp(
        `^[\\s\\S]{${start}}(?:${source})(?=[\\s\\S]{${text.length - end}}$)`,
      );
      const match = whole.exec(text);
      if (match && match[0].length === end) {
        found.push([start, end]);
        break;
      }
    }
  }
  return found;
}

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '\\d',
  '\\w',
  '[ab]',
  '[^a]',
  '[a-c-]',
  '\\b',
  ' ',
  '(?![b1])',
  '(?<![a ])',
  '\\B',
);
const repeat = fc.constantFrom('', '', '', '?', '*', '+', '{2}', '{1,2}', '{0,3}', '{2,}');
const pattern: fc.Arbitrary<string> = fc.letrec<{ choice: string; sequence: string; item: string }>(
  (tie) => ({
    choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((all) => all.join('|')),
    sequence: fc.array(tie('item'), { minLength: 1, maxLength: 3 }).map((all) => all.join('')),
    item: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      fc
        .tuple(atom, repeat)
        .map(([each, times]) => (/^\\[bB]|^\(/.test(each) ? each : each + times)),
      fc.tuple(tie('choice'), repeat).map(([inner, times]) => `(?:${inner})${times}`),
    ),
  }),
).choice;

test('fits where JavaScript says that it does, with the longest end', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '-'), maxLength: 7 }),
      (source, text) => {
        let matcher: [number, number][];
        try {
          matcher = fitsOf(source, text);
        } catch {
          // A pattern that fits the empty text is refused.
          return;
        }
        expect(matcher).toEqual(oracle(source, text));
      },
    ),
    { numRuns: 300 },
  );
});

test('flags, classes and escapes of RE2', () => {
  expect(fitsOf('(?i)ab(?-i:c)', 'ABc abC')).toEqual([[0, 3]]);
  expect(fitsOf('x(?i)y', 'xY Xy')).toEqual([[0, 2]]);
  expect(fitsOf('[[:alnum:]_]{3}', 'a_1')).toEqual([[0, 3]]);
  expect(fitsOf('\\x41\\u00e9', 'A\u00e9')).toEqual([[0, 2]]);
  expect(fitsOf('^a|b$', 'abab')).toEqual([
    [0, 1],
    [3, 4],
  ]);
  expect(fitsOf('(?P<name>a)', 'a')).toEqual([[0, 1]]);
  expect(fitsOf('straße', 'Straße')).toEqual([]);
  expect(fitsOf('(?i)straße', 'STRAßE')).toEqual([[0, 6]]);
});

test('what is not known, or could blow up, is refused with its place', () => {
  const faults: [string, RegExp][] = [
    ['(a)\\1', /at character 4: \\1 is not known/],
    ['(?=a)b', /groups of this kind/],
    ['(?!ab)c', /one character or class/],
    ['a**', /one repeat follows/],
    ['(a', /has no \)/],
    ['a)', /without its \(/],
    ['[a', /has no \]/],
    ['a{2000}', /counts to over 1000/],
    ['(a{1000}){1000}', /too large/],
    ['a*', /empty text/],
    ['\\p{L}', /not known/],
    ['a\\', /ends with a backslash/],
    ['*a', /nothing before/],
    ['('.repeat(60), /nested/],
  ];
  for (const [source, message] of faults) {
    expect(() => new Matcher([parsePattern(source)], 100)).toThrow(message);
  }
});

test('no text is a pattern that is read without end', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (source) => {
      try {
        new Matcher([parsePattern(source)], 100);
      } catch (reason) {
        expect(reason).toHaveProperty('name', 'PatternFault');
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a match ends at the longest it may be, wherever the text is cut', () => {
  expect(fitsOf('a+', 'aaaaaa', 4)[0]).toEqual([0, 4]);
  const matcher = new Matcher([parsePattern('a+')], 4);
  const fits: Fit[] = [];
  expect(matcher.try('aaa', 0, matcher.textStart, false, fits)).toBe('open');
  expect(matcher.try('aaaaa', 0, matcher.textStart, false, fits)).toBe('decided');
});

test('patterns that make backtracking engines blow up cost a look-up for each character', () => {
  const matcher = new Matcher([parsePattern('(?:(?:a+)+)+!')], 100_000);
  const fits: Fit[] = [];
  expect(matcher.try('a'.repeat(50_000), 0, matcher.textStart, true, fits)).toBe('decided');
  expect(fits).toEqual([]);
});

test('several patterns at once, each with its number', () => {
  const matcher = new Matcher([parsePattern('ab'), parsePattern('a\\w+')], 100);
  const fits: Fit[] = [];
  matcher.try('abc', 0, matcher.textStart, true, fits);
  expect(fits).toEqual([
    { end: 2, pattern: 0 },
    { end: 2, pattern: 1 },
    { end: 3, pattern: 1 },
  ]);
});
