import { describe, expect, test } from 'bun:test';
import { constants, createZstdCompress } from 'node:zlib';
import fc from 'fast-check';
import { RpcError } from '../rpc-error.ts';
import type { Compressor } from './compressor.ts';
import { compressor } from './compressors.ts';
import { identityOnly } from './identity.ts';

const names = ['gzip', 'zstd', 'identity'] as const;
const text = new TextEncoder().encode('a message, and again a message; '.repeat(100));
const limit = 1 << 20;

test('an unknown name has no compressor', () => {
  expect(compressor('br')).toBeUndefined();
  expect(compressor('')).toBeUndefined();
  expect(identityOnly('gzip')).toBeUndefined();
  expect(identityOnly('identity')?.name).toBe('identity');
});

describe.each(names)('%s', (name) => {
  const one = compressor(name) as Compressor;

  test('bears its name', () => expect(one.name).toBe(name));

  test('gives back what it took', () => {
    const message = fc.uint8Array({ maxLength: 5_000 });
    fc.assert(
      fc.property(message, (bytes) => {
        expect(Buffer.from(one.decompress(one.compress(bytes), limit))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 100 },
    );
  });

  test('takes exactly as much as it may', () => {
    expect(one.decompress(one.compress(text), text.length)).toHaveLength(text.length);
    expect(one.decompress(one.compress(new Uint8Array()), 0)).toHaveLength(0);
  });

  test('refuses one byte more', () => {
    expect(codeOf(() => one.decompress(one.compress(text), text.length - 1))).toBe(
      'resource_exhausted',
    );
    expect(codeOf(() => one.decompress(one.compress(Uint8Array.of(1)), 0))).toBe(
      'resource_exhausted',
    );
  });
});

describe.each(['gzip', 'zstd'] as const)('%s', (name) => {
  const one = compressor(name) as Compressor;

  test('makes a repetitive message shorter', () => {
    expect(one.compress(text).length).toBeLessThan(text.length / 10);
  });

  test('a bomb is refused', () => {
    const bomb = one.compress(new Uint8Array(256 << 20));
    expect(codeOf(() => one.decompress(bomb, limit))).toBe('resource_exhausted');
  });

  test('a message that is cut off anywhere is internal', () => {
    const whole = one.compress(text);
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(() => one.decompress(whole.subarray(0, length), limit))).toBe('internal');
    }
  });

  test('what follows a message is internal', () => {
    const whole = Buffer.from(one.compress(text));
    for (const rest of ['x', 'junk and more junk']) {
      const long = Buffer.concat([whole, Buffer.from(rest)]);
      expect(codeOf(() => one.decompress(long, limit))).toBe('internal');
    }
  });

  test('several members or frames are one message', () => {
    const whole = Buffer.from(one.compress(text));
    const twice = Buffer.concat([whole, whole]);
    expect(one.decompress(twice, limit)).toHaveLength(text.length * 2);
    expect(codeOf(() => one.decompress(twice, text.length * 2 - 1))).toBe('resource_exhausted');
  });

  test('outside bytes end in a message within the limit, in internal or in resource_exhausted', () => {
    const noise = fc.uint8Array({ maxLength: 200 });
    const whole = one.compress(text);
    const bitFlips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 });
    const mutated = bitFlips.map((flips) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, mask] of flips) bytes[at] = (bytes[at] as number) ^ mask;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(noise, mutated), (bytes) => {
        const code = codeOf(() => {
          expect(one.decompress(bytes, 10_000).length).toBeLessThanOrEqual(10_000);
        });
        expect(['ok', 'internal', 'resource_exhausted']).toContain(code);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a zstd frame that wants a large window is refused, whatever it holds', async () => {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
  stream.write(Buffer.alloc(300));
  stream.flush(() => stream.end('end'));
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  const frame = Buffer.concat(parts);
  expect(codeOf(() => compressor('zstd')?.decompress(frame, limit))).toBe('resource_exhausted');
  expect(compressor('zstd')?.decompress(frame, 2 ** 27)).toHaveLength(303);
});

test('a skippable zstd frame is no part of the message', () => {
  const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');
  const whole = Buffer.from(compressor('zstd')?.compress(text) ?? []);
  const message = Buffer.concat([skippable, whole, skippable]);
  expect(compressor('zstd')?.decompress(message, limit)).toHaveLength(text.length);
  expect(codeOf(() => compressor('zstd')?.decompress(message.subarray(0, -1), limit))).toBe(
    'internal',
  );
});

test('a zstd block of the reserved type is internal', () => {
  const frame = Buffer.from('28b52ffd2000070000', 'hex');
  expect(codeOf(() => compressor('zstd')?.decompress(frame, limit))).toBe('internal');
});

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    return (error as RpcError).code;
  }
  return 'ok';
}
