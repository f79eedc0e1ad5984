import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ExactJson, isObject, jsonText } from './exact-json.ts';
import { voteFields } from './vote-fields.ts';

describe('a vote on fields', () => {
  test('takes of each field what most say', () => {
    const values = [
      { city: 'Rome', year: 1999, tags: ['a'] },
      { city: 'Paris', year: 2001, tags: ['b', 'c'] },
      { city: 'Paris', year: 1999, tags: ['b', 'c'] },
    ];
    expect(voteFields(values)).toEqual({ city: 'Paris', year: 1999, tags: ['b', 'c'] });
  });

  test('goes into objects, and leaves lists whole', () => {
    const values = [
      { at: { x: 1, y: 1 }, list: [1, 2] },
      { at: { x: 1, y: 2 }, list: [1, 3] },
      { at: { x: 2, y: 2 }, list: [2, 3] },
    ];
    expect(voteFields(values)).toEqual({ at: { x: 1, y: 2 }, list: [1, 2] });
  });

  test('never makes up a set of keys', () => {
    const values = [
      { type: 'circle', radius: 1 },
      { type: 'square', side: 2 },
      { type: 'square', width: 3 },
    ];
    expect(voteFields(values)).toEqual({ type: 'circle', radius: 1 });
  });

  test('a tie goes to the best-ranked', () => {
    expect(voteFields([{ a: 1 }, { a: 2 }])).toEqual({ a: 1 });
    expect(voteFields([{ a: { b: 1 } }, { a: null }])).toEqual({ a: { b: 1 } });
    expect(voteFields([{ a: { b: 1 } }, { a: null }, { a: null }])).toEqual({ a: null });
  });

  test('keys of every object’s prototype are keys like others', () => {
    const values = ['{"__proto__":1}', '{"__proto__":2}', '{"__proto__":2}'].map((text) =>
      JSON.parse(text),
    );
    expect(jsonText(voteFields(values), 'sorted')).toBe('{"__proto__":2}');
  });
});

const leaf = fc.constantFrom<ExactJson>(null, true, 0, 1, 'a', 'b', '');
const value: fc.Arbitrary<ExactJson> = fc.letrec<{ value: ExactJson }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'z', '__proto__'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const values = fc.array(value, { minLength: 1, maxLength: 7 });

/** Whether a value, its keys and all that is in it, stands at its place in one of the answers. */
function isSeen(result: ExactJson, answers: readonly ExactJson[]): boolean {
  if (!isObject(result)) {
    return answers.some((each) => jsonText(each, 'sorted') === jsonText(result, 'sorted'));
  }
  const keys = Object.keys(result).sort().join();
  const objects = answers.filter(isObject);
  return (
    objects.some((each) => Object.keys(each).sort().join() === keys) &&
    Object.entries(result).every(([key, member]) =>
      isSeen(
        member,
        objects.filter((each) => Object.hasOwn(each, key)).map((each) => each[key] ?? null),
      ),
    )
  );
}

describe('whatever the answers', () => {
  test('all that stands in the result stands in one of them, at its place', () => {
    fc.assert(fc.property(values, (answers) => isSeen(voteFields(answers), answers)));
  });

  test('what all say is the result', () => {
    const property = fc.property(value, fc.integer({ min: 1, max: 5 }), (one, count) => {
      expect(voteFields(Array.from({ length: count }, () => one))).toEqual(one);
    });
    fc.assert(property);
  });

  test('what more than half say of a field is the result, in any order of the answers', () => {
    const cases = fc.tuple(leaf, fc.array(leaf, { maxLength: 3 })).chain(([most, others]) => {
      const answers = [...others, ...Array.from({ length: others.length + 1 }, () => most)];
      return fc.tuple(
        fc.constant(most),
        fc.shuffledSubarray(answers, { minLength: answers.length }),
      );
    });
    const property = fc.property(fc.array(cases, { minLength: 1, maxLength: 3 }), (fields) => {
      const count = Math.max(...fields.map(([, answers]) => answers.length));
      const answers = Array.from({ length: count }, (_, row) =>
        Object.fromEntries(
          // A column that is shorter is filled up with its majority.
          fields.map(([most, column], index) => [
            `f${index}`,
            row < column.length ? (column[row] ?? null) : most,
          ]),
        ),
      );
      const expected = fields.map(([most], index) => [`f${index}`, most]);
      expect(voteFields(answers)).toEqual(Object.fromEntries(expected));
    });
    fc.assert(property);
  });

  test('the order of answers is of no account where no vote is tied', () => {
    const bits = fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.record({ d: fc.boolean() }) });
    const odd = fc
      .integer({ min: 0, max: 3 })
      .chain((half) => fc.array(bits, { minLength: 2 * half + 1, maxLength: 2 * half + 1 }));
    const orders = odd.chain((answers) =>
      fc.tuple(fc.constant(answers), fc.shuffledSubarray(answers, { minLength: answers.length })),
    );
    const property = fc.property(orders, ([answers, others]) => {
      expect(voteFields(others)).toEqual(voteFields(answers));
    });
    fc.assert(property);
  });
});
