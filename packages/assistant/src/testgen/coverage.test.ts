import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { coveredLines, goHits, lcovHits } from './coverage.ts';

const report = `TN:
SF:src/other.ts
DA:1,9
end_of_record
SF:src/sum.ts
DA:2,1
DA:3,0
DA:10,4,checksum
DA:x,y
end_of_record
`;

test('lcov is read for one file', () => {
  const hits = lcovHits(report, '/shop', '/shop/src/sum.ts');
  expect([...hits]).toEqual([
    [2, 1],
    [3, 0],
    [10, 4],
  ]);
  expect(coveredLines(hits)).toEqual([2, 10]);
  expect(lcovHits(report, '/other', '/shop/src/sum.ts').size).toBe(0);
});

test('a profile of go is read for one file', () => {
  const profile = `mode: set
example.com/shop/sum/sum.go:3.24,5.2 1 1
example.com/shop/sum/sum.go:7.24,8.2 1 0
example.com/shop/other.go:1.1,9.2 1 1
`;
  const hits = goHits(profile, 'example.com/shop/sum/sum.go');
  expect(coveredLines(hits)).toEqual([3, 4, 5]);
  expect(hits.size).toBe(5);
});

test('no report makes reading it throw, and no line is made up', () => {
  const row = fc.constantFrom('SF:a.ts', 'DA:1,1', 'DA:', 'a.go:1.1,9.9 1 1', 'a.go:9.1,1.9 1 1');
  fc.assert(
    fc.property(fc.array(fc.oneof(row, fc.string())), (rows) => {
      const text = rows.join('\n');
      for (const hits of [lcovHits(text, '/', '/a.ts'), goHits(text, 'a.go')]) {
        for (const [line, count] of hits) expect(Number.isInteger(line) && count >= 0).toBe(true);
      }
    }),
  );
});
