import { describe, expect, test } from 'bun:test';
import { fileSchema } from '../schema/file-schema.ts';
import { shopFolder, shopProto } from '../testing/shop-service.ts';
import { byMethod, parseRange, parseShare, parseSpan } from './by-method.ts';
import { codeOf } from './code-of.ts';

const schema = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });

test('a value without a method is for all that have none of their own, the last one counts', async () => {
  const shares = await byMethod('--fail', ['1%', 'Orders/GetOrder=50%', '5%'], parseShare, {
    schema,
    fallback: 0,
  });
  expect(shares('/shop.v1.Orders/GetOrder')).toBe(0.5);
  expect(shares('/shop.v1.Orders/ListOrders')).toBe(0.05);
  const none = await byMethod('--fail', [], parseShare, { schema, fallback: 0 });
  expect(none('/shop.v1.Orders/GetOrder')).toBe(0);
});

test('a method that is not there is told with those that are', () => {
  const shares = byMethod('--fail', ['Orders/GetOder=5%'], parseShare, { schema, fallback: 0 });
  expect(shares).rejects.toThrow('did you mean GetOrder');
});

describe('values', () => {
  test('times', () => {
    expect(parseSpan('--latency', '20ms..80ms')).toEqual({ minMs: 20, maxMs: 80 });
    expect(parseSpan('--latency', '1s')).toEqual({ minMs: 1_000, maxMs: 1_000 });
    expect(parseSpan('--latency', '0..5ms')).toEqual({ minMs: 0, maxMs: 5 });
    for (const text of ['80ms..20ms', '20', '1s..2s..3s', '']) {
      expect(() => parseSpan('--latency', text)).toThrow('--latency');
    }
  });

  test('shares', () => {
    expect(parseShare('--fail', '0.5%')).toBe(0.005);
    expect(parseShare('--fail', '100%')).toBe(1);
    for (const text of ['101%', '5', '-1%', '']) {
      expect(() => parseShare('--fail', text)).toThrow('such as 5%');
    }
  });

  test('numbers of messages', () => {
    expect(parseRange('--stream-length', '3')).toEqual([3, 3]);
    expect(parseRange('--stream-length', '0..5')).toEqual([0, 5]);
    for (const text of ['5..1', 'x', '1..', '12345678']) {
      expect(() => parseRange('--stream-length', text)).toThrow('--stream-length');
    }
  });

  test('codes, in every spelling', () => {
    for (const text of ['not_found', 'NOT_FOUND', 'not-found', '5']) {
      expect(codeOf('error', text)).toBe('not_found');
    }
    expect(codeOf('error', 'CANCELLED')).toBe('canceled');
    expect(() => codeOf('error', 'not_fund')).toThrow('did you mean not_found');
    expect(() => codeOf('error', '17')).toThrow('error: 17 is no code');
    expect(() => codeOf('error', '0')).toThrow('no code');
  });
});
