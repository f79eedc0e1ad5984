import { describe, expect, test } from 'bun:test';
import { fromJson, type JsonValue as TheirJson } from '@bufbuild/protobuf';
import { RpcError } from '../rpc-error.ts';
import { packAny } from './any.ts';
import { getExtension, setExtension } from './extension.ts';
import {
  Choices,
  Color,
  JsTypes,
  Lists,
  Maps,
  Node,
  Order,
  Scalars,
  WellKnown,
} from './fixtures/gen/zrpc/test/everything_pb.ts';
import { Legacy, Level, note, Scope_scope } from './fixtures/gen/zrpc/test/legacy_pb.ts';
import { Modern } from './fixtures/gen/zrpc/test/modern_pb.ts';
import type { JsonValue } from './json-value.ts';
import type { MessageType } from './message-type.ts';
import { fixtureRegistry } from './testing/fixture-types.ts';
import { createTypeRegistry } from './type-registry.ts';
import { Timestamp } from './well-known.ts';

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    return (error as RpcError).message;
  }
  throw new Error('nothing was thrown');
}

/** That protobuf-es refuses it, too. */
function refusal(type: MessageType, json: JsonValue): string {
  const desc = fixtureRegistry.getMessage(type.typeName)!;
  expect(() => fromJson(desc, json as TheirJson)).toThrow();
  return faultOf(() => type.fromJson(json));
}

describe('an error names the path of the value', () => {
  test.each([
    [
      Order,
      { quantity: -1 },
      'zrpc.test.Order: quantity: expected an unsigned 32-bit integer, not -1',
    ],
    [
      Order,
      { address: { zip: '1x' } },
      'zrpc.test.Order: address.zip: expected a 32-bit integer, not "1x"',
    ],
    [Order, { tags: ['a', 5] }, 'zrpc.test.Order: tags[1]: expected a string, not 5'],
    [
      Order,
      { tags: ['a', null] },
      'zrpc.test.Order: tags[1]: null is no element of a list or a map',
    ],
    [Order, { tags: {} }, 'zrpc.test.Order: tags: expected an array, not an object'],
    [Order, { colour: 1 }, 'zrpc.test.Order: colour: the message has no such field'],
    [
      Order,
      { color: 'PINK' },
      'zrpc.test.Order: color: "PINK" is no value of the enum zrpc.test.Color',
    ],
    [Order, [], 'zrpc.test.Order: expected an object, not an array'],
    [Order, { address: 'x' }, 'zrpc.test.Order: address: expected an object, not "x"'],
    [
      Node,
      { others: [{}, { left: { name: 1 } }] },
      'zrpc.test.Node: others[1].left.name: expected a string, not 1',
    ],
    [
      Node,
      { named: { 'a b': { kind: true } } },
      'zrpc.test.Node: named["a b"].kind: expected a 32-bit integer, not true',
    ],
    [
      Maps,
      { int32s: { x: '1' } },
      'zrpc.test.Maps: int32s["x"]: expected a 32-bit integer, not "x"',
    ],
    [
      Maps,
      { bools: { yes: '1' } },
      'zrpc.test.Maps: bools["yes"]: expected "true" or "false" as a key, not "yes"',
    ],
    [
      Maps,
      { int64s: { '1': '', '1.0': '' } },
      'zrpc.test.Maps: int64s["1.0"]: another key has the same value',
    ],
    [
      Choices,
      { text: 'a', number: '1' },
      'zrpc.test.Choices: number: another field of the oneof choice is set, too',
    ],
    [
      Order,
      { created_at_ms: '1', createdAtMs: '1' },
      'zrpc.test.Order: createdAtMs: the field is there twice, by both of its names',
    ],
    [Scalars, { bytesValue: 'a*' }, 'zrpc.test.Scalars: bytesValue: expected base64, not "a*"'],
    [
      Scalars,
      { stringValue: '\ud800' },
      'zrpc.test.Scalars: stringValue: a string holds half of a surrogate pair',
    ],
    [
      Scalars,
      { floatValue: 3.5e38 },
      'zrpc.test.Scalars: floatValue: expected a 32-bit number, not 3.5e+38',
    ],
    [Scalars, { doubleValue: ' 1' }, 'zrpc.test.Scalars: doubleValue: expected a number, not " 1"'],
    [
      Scalars,
      { int64Value: '9223372036854775808' },
      'zrpc.test.Scalars: int64Value: expected a 64-bit integer, not "9223372036854775808"',
    ],
    [
      Scalars,
      { boolValue: 'true' },
      'zrpc.test.Scalars: boolValue: expected a boolean, not "true"',
    ],
    [
      Modern,
      { maybeShut: 7 },
      'zrpc.test.Modern: maybeShut: 7 is no value of the closed enum zrpc.test.Shut',
    ],
    [
      WellKnown,
      { timestamp: '2024-13-01T00:00:00Z' },
      'zrpc.test.WellKnown: timestamp: "2024-13-01T00:00:00Z" is no time in the years 1 to 9999',
    ],
    [
      WellKnown,
      { duration: '1' },
      'zrpc.test.WellKnown: duration: expected seconds such as "1.5s", not "1"',
    ],
    [
      WellKnown,
      { mask: 'a_b' },
      'zrpc.test.WellKnown: mask: the path "a_b" is not in lowerCamelCase',
    ],
    [WellKnown, { struct: 5 }, 'zrpc.test.WellKnown: struct: expected an object, not 5'],
    [WellKnown, { list: {} }, 'zrpc.test.WellKnown: list: expected an array, not an object'],
    [
      WellKnown,
      { any: { '@type': 'type.googleapis.com/x.Y' } },
      'zrpc.test.WellKnown: any: the type "type.googleapis.com/x.Y" is not in the registry of the options',
    ],
    [
      WellKnown,
      { any: { value: 1 } },
      'zrpc.test.WellKnown: any: an Any needs "@type", the URL of the type that it holds',
    ],
    [
      WellKnown,
      { int64Value: 'x' },
      'zrpc.test.WellKnown: int64Value: expected a 64-bit integer, not "x"',
    ],
  ] as const)('%#', (type: MessageType, json, message) => {
    expect(refusal(type, json as unknown as JsonValue)).toBe(message);
  });

  test('of a message that is written', () => {
    expect(faultOf(() => Order.toJson({ address: { zip: 2 ** 31 } }))).toBe(
      'zrpc.test.Order: address.zip: expected a 32-bit integer, not 2147483648',
    );
    expect(faultOf(() => Lists.toJson({ color: [1, 0.5 as Color] }))).toContain(
      'color[1]: expected',
    );
    const struct = { fields: { a: { kind: { case: 'numberValue', value: Number.NaN } } } } as const;
    expect(faultOf(() => WellKnown.toJson({ struct }))).toBe(
      'zrpc.test.WellKnown: struct["a"]: NaN is no numberValue that JSON has',
    );
    expect(faultOf(() => WellKnown.toJson({ value: {} }))).toContain('without a kind');
    expect(faultOf(() => WellKnown.toJson({ timestamp: { nanos: -1 } }))).toContain(
      'no nanoseconds',
    );
    const duration = { seconds: 1n, nanos: -1 };
    expect(faultOf(() => WellKnown.toJson({ duration }))).toContain('different signs');
    expect(faultOf(() => WellKnown.toJson({ mask: { paths: ['aB'] } }))).toContain(
      'lowerCamelCase',
    );
    expect(faultOf(() => Legacy.toJson({ needed: Level.HIGH }))).toBe(
      'zrpc.test.Legacy: name: a required field is missing',
    );
  });
});

test('an error stays short, whatever comes', () => {
  const long = 'x'.repeat(10_000);
  for (const json of [{ [long]: 1 }, { id: 5, [long]: 1 }]) {
    expect(faultOf(() => Order.fromJson(json)).length).toBeLessThan(200);
  }
  expect(faultOf(() => Maps.fromJson({ int32s: { [long]: '1' } })).length).toBeLessThan(250);
  expect(faultOf(() => Order.fromJson({ quantity: long })).length).toBeLessThan(200);
});

test('numbers may be texts, with exponents, and texts base64 of either alphabet', () => {
  expect(
    Scalars.fromJson({
      int32Value: '1e3',
      uint32Value: 4.0,
      int64Value: '1.0e1',
      uint64Value: 5,
      doubleValue: '-0.5',
      floatValue: 'Infinity',
      bytesValue: '-_8',
      color: 17,
    }),
  ).toEqual(
    Scalars.create({
      int32Value: 1_000,
      uint32Value: 4,
      int64Value: 10n,
      uint64Value: 5n,
      doubleValue: -0.5,
      floatValue: Number.POSITIVE_INFINITY,
      bytesValue: Uint8Array.of(0xfb, 0xff),
      color: 17 as Color,
    }),
  );
});

test('numbers as texts are those of JSON, where protobuf-es takes those of JavaScript', () => {
  for (const text of ['01', '0x10', ' 1', '1 ', '+1', '1.', '.5', '1e', '-', '1_0']) {
    for (const field of ['int32Value', 'uint64Value', 'doubleValue', 'floatValue']) {
      expect(faultOf(() => Scalars.fromJson({ [field]: text }))).toContain(`${field}: expected`);
    }
  }
});

test('null is absence, but for a Value and a NullValue', () => {
  expect(Order.fromJson({ id: null, tags: null, address: null, color: null })).toEqual(
    Order.create(),
  );
  expect(Choices.fromJson({ text: null, number: '1' }).choice).toEqual({
    case: 'number',
    value: 1n,
  });
  expect(Choices.fromJson({ nothing: null }).choice).toEqual({ case: 'nothing', value: 0 });
  const { value, nullValue, values } = WellKnown.fromJson({
    value: null,
    nullValue: null,
    values: [null],
  });
  const kind = { case: 'nullValue', value: 0 } as const;
  expect(value).toMatchObject({ kind });
  expect(nullValue).toBe(0);
  expect(values).toMatchObject([{ kind }]);
  expect(WellKnown.fromJson({ values: null, nulls: null })).toEqual(WellKnown.create());
  expect(Maps.fromJson({ sfixed64s: null })).toEqual(Maps.create());
});

test('unknown fields and enum names can be ignored', () => {
  const json = { id: 'a', other: 1, color: 'PINK', address: { planet: 'x', zip: 5 } };
  expect(Order.fromJson(json, { ignoreUnknownFields: true })).toEqual(
    Order.create({ id: 'a', address: { zip: 5 } }),
  );
  const lists = Lists.fromJson({ color: ['PINK', 'COLOR_RED'] }, { ignoreUnknownFields: true });
  expect(lists.color).toEqual([Color.RED]);
});

test('what is written can be chosen', () => {
  const order = { id: 'a', color: Color.RED, createdAtMs: 5n };
  expect(Order.toJson(order)).toEqual({ id: 'a', createdAtMs: '5', color: 'COLOR_RED' });
  expect(Order.toJson(order, { useProtoFieldName: true, enumAsInteger: true })).toEqual({
    id: 'a',
    created_at_ms: '5',
    color: 1,
  });
  expect(Order.toJson({}, { alwaysEmitImplicit: true })).toEqual({
    id: '',
    customer: '',
    createdAtMs: '0',
    quantity: 0,
    price: 0,
    express: false,
    color: 'COLOR_UNSPECIFIED',
    tags: [],
    signature: '',
    sizes: [],
  });
});

test('64-bit integers of another type of JavaScript', () => {
  const json = { asString: '-5', asNumber: '7', strings: ['1'], numbers: ['-2'], chosen: '3' };
  const message = JsTypes.fromJson(json);
  expect(message).toMatchObject({ asString: '-5', asNumber: 7, strings: ['1'], numbers: [-2] });
  expect(JsTypes.toJson(message)).toEqual(json);
  expect(faultOf(() => JsTypes.fromJson({ asNumber: '9007199254740993' }))).toContain(
    'safe integer',
  );
});

test('an Any is the message with its type, a well-known one in a value', () => {
  const registry = createTypeRegistry(Order, Timestamp);
  const order = packAny(Order, { id: 'a' });
  const time = packAny(Timestamp, { seconds: 1n });
  const json = {
    any: { '@type': 'type.googleapis.com/zrpc.test.Order', id: 'a' },
    anys: [
      { '@type': 'type.googleapis.com/google.protobuf.Timestamp', value: '1970-01-01T00:00:01Z' },
      {},
    ],
  };
  const message = WellKnown.create({ any: order, anys: [time, {}] });
  expect(WellKnown.toJson(message, { registry })).toEqual(json);
  expect(WellKnown.fromJson(json, { registry })).toEqual(message);
});

test('extensions are written by their names', () => {
  const registry = createTypeRegistry(note, Scope_scope);
  const message = Legacy.create({ name: 'x', needed: Level.LOW });
  setExtension(message, note, 'remember');
  setExtension(message, Scope_scope, { id: 7 });
  const json = {
    name: 'x',
    needed: 'LOW',
    '[zrpc.test.note]': 'remember',
    '[zrpc.test.Scope.scope]': { id: 7 },
  };
  expect(Legacy.toJson(message, { registry })).toEqual(json);
  const read = Legacy.fromJson(json, { registry });
  expect(getExtension(read, note)).toBe('remember');
  expect(getExtension(read, Scope_scope)?.id).toBe(7);
  expect(faultOf(() => Legacy.fromJson(json))).toContain(
    '[zrpc.test.note]: the message has no such field',
  );
});

test('messages are nested up to the limit', () => {
  const nested = (depth: number): JsonValue => {
    let json: { [name: string]: JsonValue } = {};
    for (let i = 1; i < depth; i++) json = { left: json };
    return json;
  };
  expect(Node.toJson(Node.fromJson(nested(100)))).toEqual(nested(100));
  expect(refusal(Node, nested(101))).toContain('nested deeper than 100');
  let list: JsonValue = [];
  for (let i = 0; i < 1_000; i++) list = [list];
  expect(faultOf(() => WellKnown.fromJson({ list }))).toContain('nested deeper than 100');
  // The limit counts from anew after an error.
  expect(Node.fromJson(nested(100))).toBeDefined();
});
