import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { FrameParser, maxMessageBytes } from './frame-parser.ts';

function frame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

function parse(...chunks: Uint8Array[]) {
  const messages: object[] = [];
  const parser = new FrameParser((message) => messages.push(message));
  const faults = chunks.flatMap((chunk) => parser.push(chunk) ?? []);
  return { messages, faults };
}

test('messages come out whole, wherever their bytes are cut and whatever stands between them', () => {
  const noise = fc.stringMatching(/^[a-z \r\n]{0,40}$/);
  const message = fc.record({ text: fc.string({ unit: 'binary' }), at: fc.integer() });
  const cuts = fc.array(fc.nat(400), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, message), { maxLength: 6 }), cuts, (parts, places) => {
      const bytes = Buffer.concat(
        parts.flatMap(([before, sent]) => [Buffer.from(before), frame(sent)]),
      );
      const ends = [...places, bytes.length].filter((at) => at <= bytes.length);
      ends.sort((left, right) => left - right);
      let from = 0;
      const chunks = ends.map((to) => {
        const chunk = bytes.subarray(from, to);
        from = to;
        return chunk;
      });
      const { messages, faults } = parse(...chunks);
      expect(faults).toEqual([]);
      expect(messages).toEqual(parts.map(([, sent]) => sent));
    }),
  );
});

test('any bytes at all are taken without a throw', () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .constantFrom(
        'Content-Length: 5\r\n\r\n',
        'content-length:2\r\n\r\n{}',
        '\r\n\r\n',
        'Content-',
      )
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (chunks) => {
      expect(parse(...chunks).messages.every((each) => typeof each === 'object')).toBe(true);
    }),
  );
});

test('headers in another order and in other letters', () => {
  const body = '{"a":1}';
  const head = `Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH:${body.length}\r\n\r\n`;
  expect(parse(Buffer.from(head + body), frame({ b: 2 })).messages).toEqual([{ a: 1 }, { b: 2 }]);
});

test.each([
  ['message-too-long', `Content-Length: ${maxMessageBytes + 1}\r\n\r\n`],
  ['header-too-long', `Content-Length: 1\r\nX: ${'x'.repeat(9_000)}`],
  ['too-much-garbage', 'y'.repeat(300_000)],
  ['too-much-garbage', 'Content-Length: 1\r\n\r\n!'.repeat(20)],
])('%s is a fault', (fault, text) => {
  expect(parse(Buffer.from(text)).faults).toEqual([fault] as never);
});
