import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { HeldBytes } from './held-bytes.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), count: fc.nat(3_000), from: fc.nat(100) }),
  fc.record({ kind: fc.constant('prefix' as const), length: fc.nat(2 ** 32 - 1) }),
  fc.record({ kind: fc.constant('take' as const), count: fc.nat(4_000) }),
);

test('what goes in comes out, in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const held = new HeldBytes(10);
      let model = Buffer.alloc(0);
      let next = 0;
      for (const one of steps) {
        if (one.kind === 'append') {
          const bytes = Buffer.from(
            Array.from({ length: one.from + one.count }, () => next++ & 0xff),
          );
          held.append(bytes, one.from);
          model = Buffer.concat([model, bytes.subarray(one.from)]);
        } else if (one.kind === 'prefix') {
          held.appendPrefix(1, one.length);
          const prefix = Buffer.alloc(5, 1);
          prefix.writeUInt32BE(one.length, 1);
          model = Buffer.concat([model, prefix]);
        } else {
          const count = Math.min(one.count, held.length);
          const taken = Buffer.from(held.bytes.slice(held.start, held.start + count));
          expect(taken.equals(model.subarray(0, count))).toBe(true);
          held.start += count;
          model = model.subarray(count);
        }
        expect(held.length).toBe(model.length);
      }
      const rest = Buffer.from(held.bytes.slice(held.start, held.end));
      expect(rest.equals(model)).toBe(true);
      expect(held.bytes.length).toBeLessThanOrEqual(Math.max(1_024, 300_000));
    }),
  );
});
