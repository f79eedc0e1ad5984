import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { JsonPathFault, parseJsonPath, valuesAt } from './json-path.ts';

test('values are found by name, place and star', () => {
  const value = { path: 'a', files: [{ name: 'x' }, { name: 'y' }], 'a b': 1 };
  const at = (path: string) => valuesAt(value, parseJsonPath(path));
  expect(at('$.path')).toEqual(['a']);
  expect(at('$.files[1].name')).toEqual(['y']);
  expect(at('$.files[*].name')).toEqual(['x', 'y']);
  expect(at("$['a b']")).toEqual([1]);
  expect(at('$')).toEqual([value]);
  expect(at('$.*')).toHaveLength(3);
  expect(at('$.missing.name')).toEqual([]);
  expect(at('$.constructor')).toEqual([]);
});

test('what is no path is a fault that says where', () => {
  expect(() => parseJsonPath('path')).toThrow('a path begins with $');
  expect(() => parseJsonPath('$.a[b]')).toThrow("it can't be read from [b] on");
  expect(() => parseJsonPath(`$${'.a'.repeat(30)}`)).toThrow('more than 20 steps');
});

test('any text is a path or a fault', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (text, value) => {
      try {
        valuesAt(value, parseJsonPath(`$${text}`));
      } catch (error) {
        expect(error).toBeInstanceOf(JsonPathFault);
      }
    }),
  );
});
