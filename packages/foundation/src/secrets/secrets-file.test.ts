import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { parseSecretsFile } from './secrets-file.ts';

const file = {
  version: 2,
  master: { id: '0123456789abcdef', place: 'file' },
  secrets: {
    openai: { version: 1, createdAtMs: 1, updatedAtMs: 2, key: 'aGVsbG8=', value: 'c2VjcmV0' },
  },
};

/** What is read, or the error's code. */
function outcome(text: string): unknown {
  try {
    return parseSecretsFile(text, '/secrets.json');
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error.code;
  }
}

test('what was written is read', () => {
  expect(outcome(JSON.stringify(file))).toEqual(file);
});

test('no text is anything but a file or an error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(outcome(text)).toMatch(/^(data_loss|failed_precondition)$/);
    }),
  );
});

test('a file with one value in place of another is refused, or holds what it says', () => {
  const paths = ['version', 'master', 'secrets', 'id', 'place', 'key', 'value', 'createdAtMs'];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
      const text = JSON.stringify(file, (key, old) => (key === path ? value : old));
      const read = outcome(text);
      if (typeof read === 'string') expect(read).toMatch(/^(data_loss|failed_precondition)$/);
      else expect(read).toEqual(JSON.parse(text));
    }),
  );
});

test('a file that ends early, or has a byte changed, is never taken for another', () => {
  const text = JSON.stringify(file, null, 2);
  fc.assert(
    fc.property(fc.nat(text.length - 1), (length) => {
      expect(outcome(text.slice(0, length))).toBe('data_loss');
    }),
  );
});
