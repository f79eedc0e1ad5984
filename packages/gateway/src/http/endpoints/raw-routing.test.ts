import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import type { Exchange } from '../exchange.ts';
import { takeRawRouting } from './raw-routing.ts';

const exchange = () => ({ request: new Request('http://127.0.0.1/') }) as Exchange;

test('any bytes pass as they are, unless they are an object with the member', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    fc.string().map((text) => Buffer.from(`{"omen": ${text}`)),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      try {
        const taken = takeRawRouting(exchange(), body);
        if (taken.routing === undefined) expect(Buffer.from(taken.body)).toEqual(Buffer.from(body));
      } catch (reason) {
        expect(reason).toBeInstanceOf(RpcError);
        expect((reason as RpcError).code).toBe('invalid_argument');
      }
    }),
    { numRuns: 500 },
  );
});

test('the member is taken out, and all else stays', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(5), (object, at) => {
      delete object.omen;
      const members = Object.entries(object);
      const omen = { tags: { a: 'b' } };
      members.splice(at, 0, ['omen', omen]);
      const text = `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(' , ')}}`;
      const taken = takeRawRouting(exchange(), Buffer.from(text));
      expect(taken.routing?.tags).toEqual(['a=b']);
      expect(JSON.parse(Buffer.from(taken.body).toString())).toEqual(
        JSON.parse(JSON.stringify(object)),
      );
    }),
    { numRuns: 300 },
  );
});
