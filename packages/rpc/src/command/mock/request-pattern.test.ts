import { describe, expect, test } from 'bun:test';
import type { DescMessage } from '@bufbuild/protobuf';
import type { JsonValue } from '../../codec/json-value.ts';
import { fileSchema } from '../schema/file-schema.ts';
import { shopFolder, shopProto } from '../testing/shop-service.ts';
import { messageFromJson } from './message-from-json.ts';
import { matches, requestJson, requestPattern } from './request-pattern.ts';

const schema = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });
const order = (await schema.lookUp('shop.v1.Order')) as DescMessage;

function isMatch(pattern: JsonValue, request: JsonValue): boolean {
  const json = requestJson(order, messageFromJson(order, request, schema), schema);
  return matches(requestPattern(order, pattern, schema), json);
}

describe('a pattern', () => {
  const cases: [pattern: JsonValue, request: JsonValue, expected: boolean][] = [
    [{}, { id: 1 }, true],
    [{ id: 1 }, { id: '1', customerName: 'x' }, true],
    [{ id: 2 }, { id: 1 }, false],
    [{ id: 0 }, {}, true],
    [{ customer_name: 'x' }, { customerName: 'x' }, true],
    [{ status: 1 }, { status: 'STATUS_OPEN' }, true],
    [{ createdAt: '2026-01-01T01:00:00+01:00' }, { createdAt: '2026-01-01T00:00:00Z' }, true],
    [{ discount: null }, {}, true],
    [{ discount: null }, { discount: 0 }, false],
    [{ lines: [{ sku: 'a' }] }, { lines: [{ sku: 'a', count: 3 }] }, true],
    [{ lines: [{ sku: 'a' }] }, { lines: [{ sku: 'a' }, { sku: 'b' }] }, false],
    [{ lines: [] }, {}, true],
    [{ labels: { a: '1' } }, { labels: { a: '1', b: '2' } }, true],
    [{ labels: { a: '1' } }, { labels: { b: '2' } }, false],
    [{ invoice: {} }, { invoice: { company: 'x' } }, true],
    [{ invoice: {} }, { cardToken: 'x' }, false],
    [{ attachment: null }, {}, true],
    [{ lines: [{ replaces: { id: 3 } }] }, { lines: [{ replaces: { id: 3, status: 1 } }] }, true],
  ];
  test.each(cases)('%j and the request %j', (pattern, request, expected) => {
    expect(isMatch(pattern, request)).toBe(expected);
  });

  test('names only what the message has', () => {
    expect(() => isMatch({ customerNam: 'x' }, {})).toThrow('did you mean customerName');
  });
});
