import { expect, test } from 'bun:test';
import { create } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { inOrderOfImports } from './descriptor-order.ts';

function filesOf(imports: Record<string, readonly string[]>): Map<string, FileDescriptorProto> {
  const files = Object.entries(imports).map(
    ([name, dependency]) =>
      [name, create(FileDescriptorProtoSchema, { name, dependency: [...dependency] })] as const,
  );
  return new Map(files);
}

test('each file comes after those it imports, however they are given', () => {
  const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(graph, fc.infiniteStream(fc.nat()), (lists, order) => {
      // A file may import only those before it, so that there is no circle.
      const named = lists.map((list, index) => {
        const imports = new Set(list.filter((each) => each < index).map((each) => `f${each}`));
        return [`f${index}`, [...imports]] as const;
      });
      const shuffled = named
        .map((entry) => ({ entry, rank: order.next().value }))
        .sort((left, right) => left.rank - right.rank)
        .map(({ entry }) => entry);
      const ordered = inOrderOfImports(filesOf(Object.fromEntries(shuffled)));
      const seen = new Set<string>();
      for (const file of ordered) {
        for (const name of file.dependency) expect(seen.has(name)).toBe(true);
        seen.add(file.name);
      }
      expect(seen.size).toBe(lists.length);
    }),
    { numRuns: 100 },
  );
});

test('files that import each other, or themselves, or what is not there, make no whole', () => {
  expect(() => inOrderOfImports(filesOf({ a: ['b'], b: ['c'], c: ['a'] }))).toThrow('each other');
  expect(() => inOrderOfImports(filesOf({ a: ['a'] }))).toThrow('each other');
  expect(() => inOrderOfImports(filesOf({ a: ['b'] }))).toThrow('a imports b, which is not there');
});

test('a chain of imports of any length is no trouble', () => {
  const length = 20_000;
  const chain = Array.from({ length }, (_, index) => {
    const imports = index + 1 < length ? [`f${index + 1}`] : [];
    return [`f${index}`, imports] as const;
  });
  expect(inOrderOfImports(filesOf(Object.fromEntries(chain)))).toHaveLength(length);
});
