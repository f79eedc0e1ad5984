import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { escapeBytes, formatDouble, formatFloat } from './default-format.ts';

describe('formatDouble and formatFloat', () => {
  test('write numbers as C does with %g', () => {
    const doubles = [
      0, -0, 1, 0.1, 1e10, 1e14, 1e15, 123456789.12345679, 1e-4, 1e-5, 1e300, 5e-324,
    ];
    expect(doubles.map(formatDouble)).toEqual([
      ...['0', '-0', '1', '0.1', '10000000000', '100000000000000', '1e+15', '123456789.12345679'],
      ...['0.0001', '1e-05', '1e+300', '4.94065645841247e-324'],
    ]);
    expect([0.1, 16777217, 1e10, 3.4028235e38].map(formatFloat)).toEqual([
      ...['0.1', '16777216', '1e+10', '3.40282347e+38'],
    ]);
    expect([Number.NaN, Infinity, -Infinity].map(formatDouble)).toEqual(['nan', 'inf', '-inf']);
  });

  test('what is written reads back the same', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(finite, (value) => Object.is(Number(formatDouble(value)), value)));
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(float, (value) => Math.fround(Number(formatFloat(value))) === value));
  });
});

test('escapeBytes keeps ASCII and writes the rest in octal', () => {
  const bytes = Uint8Array.from([0, 7, 9, 10, 13, 34, 39, 92, 65, 126, 127, 255]);
  expect(escapeBytes(bytes)).toBe('\\000\\007\\t\\n\\r\\"\\\'\\\\A~\\177\\377');
});
