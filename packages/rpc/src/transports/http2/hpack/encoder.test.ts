import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ByteQueue } from '../byte-queue.ts';
import { HpackDecoder } from './decoder.ts';
import { HpackEncoder, type PreparedBlock, RepeatedField } from './encoder.ts';

/** Both ends of one direction of a connection. */
class Pair {
  readonly encoder = new HpackEncoder();
  readonly decoder = new HpackDecoder();

  /** What the decoder makes of what `write` writes, and how long it was. */
  send(write: (out: ByteQueue, encoder: HpackEncoder) => void): [headers: string[], bytes: number] {
    const out = new ByteQueue();
    this.encoder.beginBlock(out);
    write(out, this.encoder);
    const headers: string[] = [];
    this.decoder.decode(out.bytes, 0, out.length, {
      onField: ({ name, value }) => headers.push(`${name}: ${value}`),
    });
    return [headers, out.length];
  }
}

test('a repeated field is spelled out once, then takes a byte', () => {
  const pair = new Pair();
  const path = new RepeatedField(':path', '/package.Service/Method');
  expect(pair.send((out, encoder) => encoder.writeRepeated(out, path))[0]).toEqual([
    ':path: /package.Service/Method',
  ]);
  const again = pair.send((out, encoder) => encoder.writeRepeated(out, path));
  expect(again).toEqual([[':path: /package.Service/Method'], 1]);
});

test('repeated fields never push each other out: when the table is full they are spelled out', () => {
  const pair = new Pair();
  const fields = Array.from({ length: 100 }, (_, i) => new RepeatedField('x', `${i}`.repeat(20)));
  const sendAll = () =>
    pair.send((out, encoder) => {
      for (const field of fields) encoder.writeRepeated(out, field);
    });
  const expected = fields.map((field) => `x: ${field.value}`);
  expect(sendAll()[0]).toEqual(expected);
  const { version } = pair.encoder;
  expect(sendAll()[0]).toEqual(expected);
  expect(pair.encoder.version).toBe(version);
});

test('a prepared block is good until the table changes', () => {
  const pair = new Pair();
  const field = new RepeatedField('a', 'b');
  pair.send((out, encoder) => encoder.writeRepeated(out, field));
  let block: PreparedBlock | undefined;
  pair.send((out, encoder) => {
    const { version } = encoder;
    encoder.writeRepeated(out, field);
    block = encoder.prepare(out, 0, version);
  });
  const copied = pair.send((out, encoder) => {
    expect(encoder.writePrepared(out, block)).toBe(true);
  });
  expect(copied[0]).toEqual(['a: b']);
  pair.send((out, encoder) => encoder.writeMetadata(out, 'c', 'd'));
  pair.send((out, encoder) => {
    expect(encoder.writePrepared(out, block)).toBe(false);
  });
});

test('metadata: a value that comes again is learned, a changing one costs its own length', () => {
  const pair = new Pair();
  const bytesOf = (value: string) =>
    pair.send((out, encoder) => encoder.writeMetadata(out, 'x-request-id', value))[1];
  expect(bytesOf('first')).toBeGreaterThan(10);
  expect(bytesOf('first')).toBe(1);
  expect(bytesOf('second')).toBe('second'.length + 3);
  bytesOf('second');
  expect(bytesOf('second')).toBe(1);
});

test('a short secret is marked as never to be kept', () => {
  const pair = new Pair();
  const out = new ByteQueue();
  pair.encoder.writeMetadata(out, 'authorization', 'hunter2');
  expect((out.bytes[0] as number) & 0xf0).toBe(0x10);
  const { version } = pair.encoder;
  pair.encoder.writeMetadata(out, 'authorization', 'hunter2');
  expect(pair.encoder.version).toBe(version);
});

test('the peer’s table size is kept to and told, the smallest one between two blocks too', () => {
  const pair = new Pair();
  pair.send((out, encoder) => encoder.writeMetadata(out, 'a', 'b'));
  pair.encoder.setMaxTableBytes(0);
  pair.encoder.setMaxTableBytes(100);
  const out = new ByteQueue();
  pair.encoder.beginBlock(out);
  expect(out.bytes.subarray(0, out.length).toHex()).toBe('203f45');
  pair.decoder.decode(out.bytes, 0, out.length, { onField() {} });
  expect(pair.send((queue, encoder) => encoder.writeMetadata(queue, 'a', 'b'))[0]).toEqual([
    'a: b',
  ]);
  expect(() => pair.decoder.decode(Uint8Array.of(0xbf), 0, 1, { onField() {} })).toThrow();
});

const text = fc.string({ unit: fc.constantFrom(...'abc019-/ '), maxLength: 50 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('repeated' as const), field: fc.nat(7) }),
  fc.record({
    kind: fc.constant('changing' as const),
    name: fc.constantFrom('t', 'u'),
    value: text,
  }),
  fc.record({
    kind: fc.constant('metadata' as const),
    name: fc.constantFrom('a', 'b', 'authorization', 'x-long-name'),
    value: text,
  }),
  fc.record({ kind: fc.constant('resize' as const), bytes: fc.nat(5_000) }),
);

test('whatever is written in whatever order, the decoder reads it', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 30 }), (blocks) => {
      const pair = new Pair();
      const fields = Array.from(
        { length: 8 },
        (_, i) => new RepeatedField(`r${i}`, 'v'.repeat(i * 99)),
      );
      for (const block of blocks) {
        const expected: string[] = [];
        for (const one of block)
          if (one.kind === 'resize') pair.encoder.setMaxTableBytes(one.bytes);
        const [headers] = pair.send((out, encoder) => {
          for (const one of block) {
            if (one.kind === 'repeated') {
              const field = fields[one.field] as RepeatedField;
              encoder.writeRepeated(out, field);
              expected.push(`${field.name}: ${field.value}`);
            } else if (one.kind !== 'resize') {
              if (one.kind === 'changing') encoder.writeChanging(out, one.name, one.value);
              else encoder.writeMetadata(out, one.name, one.value);
              expected.push(`${one.name}: ${one.value}`);
            }
          }
        });
        expect(headers).toEqual(expected);
      }
    }),
  );
});
