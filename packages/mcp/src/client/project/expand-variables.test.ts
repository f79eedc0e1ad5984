// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { expandVariables } from './expand-variables.ts';

const environment = { A: 'one', EMPTY: '' };

test.each([
  ['${A}', 'one'],
  ['x-${A}/${A}', 'x-one/one'],
  ['${B:-else}', 'else'],
  ['${EMPTY:-else}', 'else'],
  ['${A:-else}', 'one'],
  ['${B:-}', ''],
  ['$A $ ${ ${1} $${A}', '$A $ ${ ${1} $one'],
])('%s', (text, expanded) => {
  expect(expandVariables(text, environment)).toEqual({ ok: true, text: expanded });
});

test('what is not set is named, each', () => {
  const expanded = expandVariables('${B} ${A} ${EMPTY}', environment);
  expect(expanded).toEqual({ ok: false, missing: ['B', 'EMPTY'] });
});

test('any text without a variable stays as it is, and values are not looked at again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const plain = text.replaceAll('${', '');
      expect(expandVariables(plain, {})).toEqual({ ok: true, text: plain });
      const value = text || 'x';
      expect(expandVariables('${V}', { V: value })).toEqual({ ok: true, text: value });
    }),
  );
});
