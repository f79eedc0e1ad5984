import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { CodeTokens } from './code-tokens.ts';
import { Segment } from './segment.ts';
import { maxOrder } from './sorted-contexts.ts';
import { specialTokens } from './vocabulary.ts';

const vocabularySize = 8;
const token = fc.integer({ min: specialTokens.newline, max: vocabularySize - 1 });
const files = fc.array(fc.array(token, { maxLength: 30 }), { minLength: 1, maxLength: 6 });

function segmentOf(all: readonly (readonly number[])[]): Segment {
  const tokens = new CodeTokens(1);
  const list = all.map((ids, i) => {
    const start = tokens.length;
    tokens.push(specialTokens.fileStart, 0);
    for (const id of ids) tokens.push(id, 0);
    return { path: `${i}`, start };
  });
  const steps = Segment.build({ tokens, files: list }, vocabularySize);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

test('finds all places behind a context, of each order', () => {
  fc.assert(
    fc.property(files, fc.array(token, { minLength: 1, maxLength: 4 }), (all, context) => {
      const segment = segmentOf(all);
      const ranges = new Int32Array(maxOrder * 2);
      const found = segment.findRanges(Int32Array.from(context), context.length, ranges);
      for (let order = 1; order <= context.length; order++) {
        const wanted: number[] = [];
        for (let place = order; place < segment.tokens.length; place++) {
          const follows = context
            .slice(0, order)
            .every((id, i) => segment.tokens[place - 1 - i] === id);
          if (follows) wanted.push(place);
        }
        const [start = 0, end = 0] = order <= found ? ranges.subarray(order * 2 - 2) : [];
        const places = Array.from({ length: end - start }, (_, i) => segment.placeAt(start + i));
        expect(places.toSorted((a, b) => a - b)).toEqual(wanted);
      }
    }),
  );
});

test('knows the file of each place, and what is left when files die', () => {
  fc.assert(
    fc.property(files, fc.nat(), (all, nth) => {
      const segment = segmentOf(all);
      const dead = nth % all.length;
      for (let file = 0; file < all.length; file++) {
        for (let place = segment.files[file]!.start; place < segment.endOf(file); place++) {
          expect(segment.fileAt(place)).toBe(file);
        }
      }
      expect(segment.kill(dead)).toBe(all[dead]!.length + 1);
      expect(segment.kill(dead)).toBe(0);
      expect(segment.liveTokens).toBe(segment.tokens.length - all[dead]!.length - 1);
    }),
  );
});
