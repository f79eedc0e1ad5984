import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { DiagnosticsStore } from './published-diagnostics.ts';

const never = new AbortController().signal;
const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
const found = { range, message: 'wrong' };

test('what is published of another version does not count as told', async () => {
  const store = new DiagnosticsStore();
  store.expect('/a b.ts', 2);
  store.publish({ uri: 'file:///a%20b.ts', version: 1, diagnostics: [] });
  expect(await store.settled({ quietMs: 1, limitMs: 10 }, never)).toEqual(['/a b.ts']);
  const settled = store.settled({ quietMs: 1, limitMs: 5_000 }, never);
  store.publish({ uri: 'file:///a%20b.ts', version: 2, diagnostics: [found] });
  expect(await settled).toEqual([]);
  expect(store.of('/a b.ts')).toEqual([found]);
  expect(store.paths).toEqual(['/a b.ts']);
});

test('long work of the server is waited for', async () => {
  const store = new DiagnosticsStore();
  store.progress('index', false);
  const settled = store.settled({ quietMs: 1, limitMs: 5_000 }, never);
  store.publish({ uri: 'file:///a.ts', diagnostics: [found] });
  store.progress('index', true);
  await settled;
  await expect(
    store.settled({ quietMs: 1, limitMs: 5_000 }, AbortSignal.abort(new Error('left'))),
  ).rejects.toThrow('left');
});

test('whatever is published, only diagnostics are kept', () => {
  const uri = fc.oneof(fc.constantFrom('file:///a.ts', 'file://%zz', 'x:'), fc.anything());
  fc.assert(
    fc.property(uri, fc.anything(), fc.array(fc.anything()), (name, version, diagnostics) => {
      const store = new DiagnosticsStore();
      store.publish({ uri: name, version, diagnostics: [...diagnostics, found] });
      store.publish({ uri: name, version, diagnostics: version });
      for (const path of store.paths) {
        for (const each of store.of(path)) expect(typeof each.message).toBe('string');
      }
    }),
  );
});
