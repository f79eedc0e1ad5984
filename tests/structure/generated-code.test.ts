import { expect, test } from 'bun:test';
import { generateCode } from '../../scripts/generate-code.ts';

test('generated code is what its .proto files say: bun scripts/generate-code.ts', () => {
  expect(() => generateCode(true)).not.toThrow();
});
