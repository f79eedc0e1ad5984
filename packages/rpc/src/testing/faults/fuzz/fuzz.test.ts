import { describe, expect, test } from 'bun:test';
import { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { fuzz } from './fuzz-run.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutated, pieces } from './mutation.ts';
import { fuzzTargets } from './targets.ts';

const seed = 20_261_121;
const inputs = 300;

describe('a short run of', () => {
  test.each(Object.entries(fuzzTargets))('%s', async (name, { make }) => {
    const done = await fuzz({ name, target: make(), seed, first: 0, count: inputs });
    expect(done.bytes).toBeGreaterThan(inputs);
  });
});

test('an input that fails is told with its number and bytes, and is the same alone', async () => {
  const picky: FuzzTarget = {
    prepare(random) {
      const bytes = random.bytes(3);
      return {
        bytes,
        feed() {
          if (bytes[0] === 0x2a) throw new TypeError('no answers here');
        },
      };
    },
  };
  const options = { name: 'picky', target: picky, seed };
  const failure = await fuzz({ ...options, first: 0, count: 5_000 }).catch((error) => error);
  const told = /^picky: input (\d+) of seed 20261121, 3 bytes (2a....): TypeError: no answers/;
  const [, number, hex] = told.exec(failure.message) ?? [];
  expect(hex).toBeDefined();
  const again = await fuzz({ ...options, first: Number(number), count: 1 }).catch((error) => error);
  expect(again.message).toContain(`3 bytes ${hex}: `);
});

test('inputs differ, some are good, and pieces are the whole', () => {
  const parts = [Uint8Array.of(0, 0, 0, 1, 7), Uint8Array.of(0, 0, 0, 2, 8, 9)];
  const corpus = { headParts: 1, samples: [parts], length: { at: 0, bytes: 4 } };
  const seen = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const random = new SeededRandom(seed, i);
    const bytes = mutated(corpus, random);
    expect(Buffer.concat(pieces(bytes, random)).equals(bytes)).toBe(true);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  expect(seen.size).toBeGreaterThan(250);
  expect(seen).toContain(Buffer.concat(parts).toString('hex'));
});
