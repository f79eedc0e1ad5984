import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { RpcError } from '../../../rpc-error.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { EnvelopeWriter, envelope } from './envelope-writer.ts';

const anEnvelope = fc.record({
  flags: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 9_000 }),
});

test('envelopes come out as they went in, wherever the chunks are cut', () => {
  const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(anEnvelope, { maxLength: 8 }), cuts, (envelopes, positions) => {
      const writer = new EnvelopeWriter();
      for (const { flags, payload } of envelopes) writer.add(flags, payload);
      const read = readAll(new EnvelopeReader(9_000), cut(writer.take(), positions));
      expect(read).toEqual(
        envelopes.map(({ flags, payload }) => ({ flags, payload: hex(payload) })),
      );
    }),
    { numRuns: 200 },
  );
});

test('an envelope alone is what the writer makes of it', () => {
  const writer = new EnvelopeWriter();
  writer.add(1, Uint8Array.of(7, 8));
  expect(hex(envelope(1, Uint8Array.of(7, 8)))).toBe('01000000020708');
  expect(hex(writer.take())).toBe('01000000020708');
  expect(writer.length).toBe(0);
  expect(writer.take()).toHaveLength(0);
});

test('what was taken is not written over by what follows', () => {
  const writer = new EnvelopeWriter();
  writer.add(0, Uint8Array.of(1));
  const first = writer.take();
  writer.add(0, Uint8Array.of(2));
  expect(hex(first)).toBe('000000000101');
  expect(hex(writer.take())).toBe('000000000102');
});

test('an envelope that is not whole is not found, and told apart from none', () => {
  const whole = envelope(0, Uint8Array.of(1, 2, 3));
  for (let length = 0; length < whole.length; length++) {
    const reader = new EnvelopeReader(10);
    reader.push(whole.subarray(0, length));
    expect(reader.next()).toBe(false);
    expect(reader.unfinishedBytes).toBe(length);
    reader.push(whole.subarray(length));
    expect(reader.next()).toBe(true);
    expect(hex(reader.payload)).toBe('010203');
    expect(reader.next()).toBe(false);
    expect(reader.unfinishedBytes).toBe(0);
  }
});

test('an envelope that says it is too long is refused by its header alone', () => {
  const header = Uint8Array.of(0, 0, 0, 0, 11);
  for (const chunks of [[header], [header.subarray(0, 3), header.subarray(3)]]) {
    const reader = new EnvelopeReader(10);
    expect(() => {
      for (const chunk of chunks) {
        reader.push(chunk);
        reader.next();
      }
    }).toThrow('an envelope of 11 bytes: at most 10 bytes are taken (maxMessageBytes)');
  }
});

test('a long envelope that is only announced takes no memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 100 }, () => {
    const reader = new EnvelopeReader(1 << 30);
    reader.push(Uint8Array.of(0, 0x3f, 0xff, 0xff, 0xff, 1));
    reader.next();
    return reader;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  expect(readers[0]?.unfinishedBytes).toBe(6);
});

test('any bytes in any chunks are envelopes, an unfinished one or resource_exhausted', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 });
  fc.assert(
    fc.property(chunks, (parts) => {
      const reader = new EnvelopeReader(40);
      let found = 0;
      try {
        found = readAll(reader, parts).reduce((sum, one) => sum + 5 + one.payload.length / 2, 0);
      } catch (error) {
        expect((error as RpcError).code).toBe('resource_exhausted');
        return;
      }
      const total = parts.reduce((sum, part) => sum + part.length, 0);
      expect(found + reader.unfinishedBytes).toBe(total);
    }),
    { numRuns: 2_000 },
  );
});

function readAll(reader: EnvelopeReader, chunks: readonly Uint8Array[]): FoundList {
  const found: FoundList = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next()) found.push({ flags: reader.flags, payload: hex(reader.payload) });
  }
  return found;
}

type FoundList = { flags: number; payload: string }[];

function cut(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const sorted = positions.map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b);
  return [0, ...sorted].map((start, i) => bytes.subarray(start, sorted[i] ?? bytes.length));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
