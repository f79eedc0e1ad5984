import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NdjsonParser } from './ndjson.ts';
import { SseParser } from './sse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function parseAll(input: Uint8Array, cuts: number[]) {
  const parser = new SseParser();
  const frames = [];
  let start = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    frames.push(...parser.push(input.subarray(start, cut)));
    start = cut;
  }
  frames.push(...parser.push(input.subarray(start)), ...parser.end());
  return frames;
}

describe('SseParser', () => {
  test('reads events, names, comments, many data lines, and all three line ends', () => {
    const frames = parseAll(
      bytes('\uFEFF: hello\nevent: a\ndata: 1\ndata:2\r\n\r\ndata\rid: 7\r\rdata: ü\n\n'),
      [],
    );
    expect(frames).toEqual([
      { event: 'a', data: '1\n2' },
      { event: '', data: '' },
      { event: '', data: 'ü' },
    ]);
  });

  test('gives the last event of a stream that forgot its blank line', () => {
    expect(parseAll(bytes('data: [DONE]'), [])).toEqual([{ event: '', data: '[DONE]' }]);
  });

  test('any chunking gives the same frames', () => {
    const input = bytes('event: x\r\ndata: héllo 🎈\r\n\r\ndata: {"a":1}\r\rdata: z\n\n');
    const whole = parseAll(input, []);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length), { maxLength: 30 }), (cuts) => {
        expect(parseAll(input, cuts)).toEqual(whole);
      }),
    );
  });

  test('never throws on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        parseAll(input, []);
      }),
    );
  });
});

describe('NdjsonParser', () => {
  test('any chunking gives the same records', () => {
    const input = bytes('{"a":"é🎈"}\r\n\n{"b":2}\n{"c":3}');
    fc.assert(
      fc.property(fc.nat(input.length), (cut) => {
        const parser = new NdjsonParser();
        const frames = [
          ...parser.push(input.subarray(0, cut)),
          ...parser.push(input.subarray(cut)),
          ...parser.end(),
        ];
        expect(frames.map((frame) => frame.data)).toEqual(['{"a":"é🎈"}', '{"b":2}', '{"c":3}']);
      }),
    );
  });
});

describe('a long record in small chunks', () => {
  const size = 15 * 1024 * 1024;

  test.each([
    ['SseParser', () => new SseParser(), `data: ${'x'.repeat(size)}\n\n`],
    ['NdjsonParser', () => new NdjsonParser(), `${'x'.repeat(size)}\n`],
  ])('costs %s no more than in one', (_, create, text) => {
    const input = bytes(text);
    const parser = create();
    const frames = [];
    // To search all that came before with every chunk would not end before the test's time does.
    for (let at = 0; at < input.length; at += 256) {
      frames.push(...parser.push(input.subarray(at, at + 256)));
    }
    expect(frames.map(({ data }) => data.length)).toEqual([size]);
  });
});
