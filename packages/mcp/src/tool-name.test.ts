import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { maxToolNameChars, serverPrefix, toolNames } from './tool-name.ts';

test('server and tool, with what models do not take replaced', () => {
  expect(
    toolNames([
      { server: 'files', tool: 'read_file' },
      { server: 'my.server', tool: 'a/b.c' },
      { server: '__', tool: '' },
    ]),
  ).toEqual(['files__read_file', 'my_server__a_b_c', 'server__']);
});

test('names that would be the same all get a hash, whatever their order', () => {
  const tools = [
    { server: 'a', tool: 'x.y' },
    { server: 'a', tool: 'x_y' },
    { server: 'a', tool: 'z' },
  ];
  const names = toolNames(tools);
  expect(names[0]).toMatch(/^a__x_y_[0-9a-f]{8}$/);
  expect(names[1]).toMatch(/^a__x_y_[0-9a-f]{8}$/);
  expect(names[2]).toBe('a__z');
  expect(toolNames(tools.toReversed())).toEqual(names.toReversed());
});

test('any names: short enough, clean, different, and their own server is at the beginning', () => {
  const address = fc.record({
    server: fc.string({ maxLength: 70, unit: 'binary' }),
    tool: fc.oneof(fc.string({ maxLength: 90, unit: 'binary' }), fc.constantFrom('a.b', 'a_b')),
  });
  const tools = fc.uniqueArray(address, { selector: ({ server, tool }) => `${server}\0${tool}` });
  fc.assert(
    fc.property(tools, (given) => {
      const names = toolNames(given);
      expect(new Set(names).size).toBe(given.length);
      for (const [index, name] of names.entries()) {
        expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(name.length).toBeLessThanOrEqual(maxToolNameChars);
        const prefix = serverPrefix(given[index]?.server ?? '');
        expect(name.startsWith(prefix.slice(0, maxToolNameChars - 9))).toBe(true);
      }
    }),
  );
});
