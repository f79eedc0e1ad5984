import { expect, test } from 'bun:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)));
const uint32 = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.constantFrom(0, 127, 128, 16383, 16384, 2 ** 32 - 1),
);
const int64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(-300n, 300n),
  fc.constantFrom(2n ** 32n, 2n ** 28n, 2n ** 35n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)),
);
const uint64 = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 300n));
const float = fc.float();
const double = fc.double();
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom('', '\ufeffmark', '\ufffd', 'a'.repeat(20_000), 'ü'.repeat(127), '漢'.repeat(50)),
);

const kinds = {
  int32,
  uint32,
  sint32: int32,
  int64,
  uint64,
  sint64: int64,
  fixed32: uint32,
  sfixed32: int32,
  fixed64: uint64,
  sfixed64: int64,
  float,
  double,
  bool: fc.boolean(),
  string: text,
} as const;

for (const [name, values] of Object.entries(kinds)) {
  const kind = name as keyof typeof kinds;
  test(`${kind} is written as protobuf-es writes it and read back`, () => {
    fc.assert(
      fc.property(
        fc.array(values as fc.Arbitrary<never>, { minLength: 1, maxLength: 5 }),
        (list) => {
          const writer = new Writer();
          const theirs = new BinaryWriter();
          for (const value of list) {
            writer[kind](value);
            theirs[kind](value);
          }
          const written = writer.copy();
          expect(written).toEqual(theirs.finish());
          const reader = new Reader();
          reader.reset(written);
          for (const value of list) expect(reader[kind]()).toBe(value);
          expect(reader.position).toBe(written.length);
        },
      ),
    );
  });
}
