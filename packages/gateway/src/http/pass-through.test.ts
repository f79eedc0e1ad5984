import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { dialects } from '../dialects/index.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import { PassThrough, type PassThroughOptions } from './pass-through.ts';

const context = { model: 'm', request: {}, responseId: 'r', createdAtMs: 0 };

const chatStream = [
  'data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}\n\n',
  ': keep-alive\n\n',
  'data: {"id":"1","choices":[{"index":0,"delta":{"content":"grüße 🎈 \\"error\\""},"finish_reason":null}],"usage":null}\r\n\r\n',
  'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
  'data: {"id":"1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":2}}}\n\n',
  'data: [DONE]\n\n',
];

function pass(
  input: Uint8Array,
  cuts: readonly number[],
  options: Partial<PassThroughOptions> & { name?: DialectName } = {},
) {
  const { name = 'openai-chat', ...rest } = options;
  const transform = new PassThrough({ dialect: dialects[name], context, ...rest });
  const out: Uint8Array[] = [];
  let start = 0;
  for (const cut of [...cuts, input.length].sort((a, b) => a - b)) {
    if (cut > start) out.push(Buffer.from(transform.push(input.subarray(start, cut))));
    start = cut;
  }
  out.push(Buffer.from(transform.end()));
  return { transform, out: Buffer.concat(out) };
}

describe('PassThrough', () => {
  const bytes = Buffer.from(chatStream.join(''));

  test('any chunking: the same bytes, the same usage, an end that is seen', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const { transform, out } = pass(bytes, cuts);
        expect(out.equals(bytes)).toBe(true);
        expect(transform.usage).toMatchObject({ input: 7, output: 5, cachedInput: 2 });
        expect(transform.complete).toBe(true);
        expect(transform.failure).toBeUndefined();
      }),
    );
  });

  test('of a long answer in any chunks a share is counted that stands for all', () => {
    const word = chatStream[2] as string;
    const long = Buffer.from(word.repeat(4_000));
    for (const size of [long.length, 300_000, 100_000, 1_000]) {
      const cuts = Array.from({ length: Math.floor(long.length / size) }, (_, at) => at * size);
      const { output, outputShare } = pass(long, cuts).transform.answered();
      expect(outputShare).toBeWithin(0.3, 0.7);
      expect(Buffer.byteLength(output) / outputShare / 4_000).toBeCloseTo(20, 0);
    }
  });

  test('any chunking: a withheld record is taken out, and nothing else', () => {
    const expected = chatStream.filter((record) => !record.includes('"choices":[],')).join('');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const { transform, out } = pass(bytes, cuts, {
          withhold: (frame) => frame.data.includes('"choices":[]'),
        });
        expect(out.toString()).toBe(expected);
        expect(transform.usageKnown).toBe(true);
      }),
    );
  });

  test('an error before the first token is thrown, so that another provider can be asked', () => {
    const early = Buffer.from('data: {"error":{"message":"overloaded","type":"server_error"}}\n\n');
    expect(() => pass(early, [])).toThrow(RpcError);
    const anthropic = Buffer.from(
      'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3}}}\n\n' +
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    );
    expect(() => pass(anthropic, [], { name: 'anthropic-messages' })).toThrow('Overloaded');
  });

  test('an error after it goes through and is remembered', () => {
    const late = Buffer.from(
      `${chatStream[0]}data: {"error":{"message":"boom","type":"server_error"}}\n\n`,
    );
    const { transform, out } = pass(late, []);
    expect(out.equals(late)).toBe(true);
    expect(transform.failure?.message).toContain('boom');
    expect(transform.complete).toBe(false);
  });

  test('a stream cut inside a record: only whole records leave before the end', () => {
    const transform = new PassThrough({ dialect: dialects['openai-chat'], context });
    const cut = Buffer.from(`${chatStream[0]}data: {"id":"1","choi`);
    expect(Buffer.from(transform.push(cut)).toString()).toBe(chatStream[0] as string);
    expect(transform.complete).toBe(false);
  });

  test('what is no stream at all is an error that may fall back', () => {
    for (const body of ['', '<html>Bad Gateway</html>', '\u0000\u0001{"almost": [json']) {
      let thrown: unknown;
      try {
        pass(Buffer.from(body), []);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(RpcError);
      expect((thrown as RpcError).retryable).toBe(true);
    }
  });

  test('the text so far can be read for counting', () => {
    const { transform } = pass(bytes, [100, 200]);
    expect(transform.answered()).toEqual({ output: 'grüße 🎈 "error"', outputShare: 1 });
  });

  test('random bytes never throw anything but RpcError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (input, cut) => {
        try {
          pass(input, [Math.min(cut, input.length)]);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
    );
  });
});
