import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type NumberRange, RangeIndex } from './range-index.ts';

const range = fc
  .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 6 }))
  .map(([start, length]): NumberRange => ({ start, end: start + length }));

describe('RangeIndex', () => {
  test('finds an overlap whenever there is one', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
        const overlaps = [...new RangeIndex(ranges, 0).overlaps()];
        const expected = ranges.some((left, index) =>
          ranges.slice(index + 1).some((right) => left.start < right.end && right.start < left.end),
        );
        expect(overlaps.length > 0).toBe(expected);
        for (const [one, other] of overlaps) expect(other.start).toBeLessThan(one.end);
      }),
    );
  });

  test('finds the range of a number, and what overlaps with a range', () => {
    const index = new RangeIndex(
      [
        { start: 10, end: 20 },
        { start: 1, end: 5 },
      ],
      0,
    );
    expect(index.find(1)).toEqual({ start: 1, end: 5 });
    expect(index.find(19)).toEqual({ start: 10, end: 20 });
    expect([0, 5, 9, 20].map((number) => index.find(number))).toEqual(Array(4).fill(undefined));
    expect(index.overlapWith({ start: 5, end: 10 })).toBeUndefined();
    expect(index.overlapWith({ start: 5, end: 11 })).toEqual({ start: 10, end: 20 });
  });

  test('takes the end of a range as part of it when it is inclusive', () => {
    const index = new RangeIndex([{ start: -5, end: -2 }], 1);
    expect(index.find(-2)).toEqual({ start: -5, end: -2 });
    expect(index.find(-1)).toBeUndefined();
    expect([
      ...new RangeIndex(
        [
          { start: 1, end: 5 },
          { start: 5, end: 6 },
        ],
        1,
      ).overlaps(),
    ]).toHaveLength(1);
  });
});
