import { describe, expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { clearExtension, getExtension, hasExtension, setExtension } from './extension.ts';
import {
  Choices,
  Color,
  Lists,
  Maps,
  Node,
  Order,
  Scalars,
  WellKnown,
} from './fixtures/gen/zrpc/test/everything_pb.ts';
import {
  extra,
  grouped,
  Legacy,
  LegacyDefaults,
  Level,
  longText,
  moreLevels,
  note,
  numbers,
} from './fixtures/gen/zrpc/test/legacy_pb.ts';
import { Modern, Shut } from './fixtures/gen/zrpc/test/modern_pb.ts';
import { decodeMessage, encodeMessage, lendMessage } from './message-bytes.ts';
import { Writer } from './writer.ts';

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

function bytesOf(write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  write(writer);
  return writer.copy();
}

describe('create', () => {
  test('sets every field', () => {
    expect(Order.create()).toStrictEqual({
      id: '',
      customer: '',
      createdAtMs: 0n,
      quantity: 0,
      price: 0,
      express: false,
      color: Color.UNSPECIFIED,
      tags: [],
      address: undefined,
      signature: new Uint8Array(0),
      sizes: [],
      $unknown: undefined,
    });
  });

  test('completes what is given, at every depth, and shares no list, map or message', () => {
    const others = [{ name: 'a' }];
    const named = { left: { kind: 1 }, right: undefined } as const;
    const node = Node.create({ others, named, left: { left: {} } });
    expect(node.others).toStrictEqual([Node.create({ name: 'a' })]);
    expect(node.named).toStrictEqual({ left: Node.create({ kind: 1 }) });
    expect(node.left?.left).toStrictEqual(Node.create());
    expect(Node.create(node)).toStrictEqual(node);
    expect(Node.create(node).others).not.toBe(node.others);
  });

  test('a oneof without a value is not set', () => {
    expect(Choices.create({ choice: { case: 'text' } }).choice).toEqual({ case: undefined });
    expect(encodeMessage(Choices, { choice: { case: 'text' } })).toHaveLength(0);
  });
});

describe('encode', () => {
  test('an error names the path of the field', () => {
    expect(faultOf(() => encodeMessage(Order, { address: { zip: 2 ** 31 } }))).toBe(
      'zrpc.test.Order: address.zip: expected a 32-bit integer, not 2147483648',
    );
    expect(faultOf(() => lendMessage(Lists, { stringValue: ['a', '\ud800'] }))).toBe(
      'zrpc.test.Lists: stringValue[1]: a string holds half of a surrogate pair',
    );
    const unsafe = {
      any: { typeUrl: 'x/y.Z', value: Uint8Array.of(1) },
      int64Value: { value: 2n ** 63n },
    };
    expect(faultOf(() => encodeMessage(WellKnown, unsafe))).toContain(
      'WellKnown: int64Value: expected',
    );
    expect(faultOf(() => encodeMessage(Legacy, { name: 'x' }))).toBe(
      'zrpc.test.Legacy: needed: a required field is missing',
    );
    expect(faultOf(() => encodeMessage(Order, { address: null as never }))).toContain('address');
    expect(faultOf(() => encodeMessage(Lists, { int64Value: [1n, 2 as never] }))).toBe(
      'zrpc.test.Lists: int64Value[1]: expected a bigint, not 2',
    );
  });

  test('what is no message at all is named as such', () => {
    expect(faultOf(() => encodeMessage(Order, undefined as never))).toBe(
      'zrpc.test.Order: expected a message, not nothing',
    );
    expect(faultOf(() => lendMessage(Order, null as never))).toContain('not null');
  });

  test('what failed leaves nothing behind', () => {
    expect(() => encodeMessage(Order, { id: 'a', quantity: -1 })).toThrow();
    expect(encodeMessage(Order, { id: 'b' })).toEqual(Uint8Array.of(0x0a, 1, 0x62));
  });

  test('lent bytes last until the next message', () => {
    const lent = lendMessage(Order, { id: 'a' });
    const copy = encodeMessage(Order, { id: 'b' });
    encodeMessage(Order, { id: 'c' });
    expect(copy).toEqual(Uint8Array.of(0x0a, 1, 0x62));
    expect(lent).toEqual(Uint8Array.of(0x0a, 1, 0x63));
  });

  test('-0 is not the default of a number with a fraction', () => {
    expect(encodeMessage(Scalars, { doubleValue: -0, floatValue: -0 })).toHaveLength(9 + 5);
    expect(encodeMessage(Scalars, { int32Value: -0 })).toHaveLength(0);
  });

  test('a key __proto__ is an entry like others', () => {
    const strings = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    const bytes = encodeMessage(Maps, { strings });
    const read = decodeMessage(Maps, bytes).strings;
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(Maps.create({ strings: read }).strings)).toEqual(['__proto__']);
  });
});

describe('decode', () => {
  test('an error names the type', () => {
    expect(faultOf(() => decodeMessage(Order, Uint8Array.of(0x0a)))).toBe(
      'zrpc.test.Order: at byte 1 of the message: the message ends inside of a field',
    );
  });

  test('keeps no reference to the bytes', () => {
    const bytes = encodeMessage(Order, { id: 'abc', signature: new Uint8Array(64).fill(1) });
    const unknown = Uint8Array.of(...bytes, 0xa0, 0x06, 0x05);
    const message = decodeMessage(Order, unknown);
    unknown.fill(0);
    expect(message.signature).toEqual(new Uint8Array(64).fill(1));
    expect(message.$unknown).toEqual(Uint8Array.of(0xa0, 0x06, 0x05));
  });

  test('packed and unpacked numbers are read alike', () => {
    const mixed = Uint8Array.of(0x28, 1, 0x2a, 2, 2, 3, 0x28, 4, 0x92, 1, 1, 5, 0x90, 1, 6);
    expect(decodeMessage(Lists, mixed)).toMatchObject({ int32Value: [1, 2, 3, 4], apart: [5, 6] });
  });

  test('messages that come twice are merged, of a oneof too', () => {
    const first = encodeMessage(Node, { left: { name: 'a', others: [{ name: 'x' }] } });
    const second = encodeMessage(Node, { left: { right: {}, others: [{ name: 'y' }] } });
    expect(decodeMessage(Node, Uint8Array.of(...first, ...second)).left).toEqual(
      Node.create({ name: 'a', right: {}, others: [{ name: 'x' }, { name: 'y' }] }),
    );
    const node = (name: string): Uint8Array =>
      encodeMessage(Choices, { choice: { case: 'node', value: { [name]: { name } } } });
    const text = encodeMessage(Choices, { choice: { case: 'text', value: '' } });
    const merged = decodeMessage(Choices, Uint8Array.of(...node('left'), ...node('right')));
    expect(merged.choice).toMatchObject({
      value: { left: { name: 'left' }, right: { name: 'right' } },
    });
    const replaced = decodeMessage(Choices, Uint8Array.of(...node('left'), ...text));
    expect(replaced.choice).toEqual({ case: 'text', value: '' });
  });

  test('unknown fields are kept in their order and written behind the others', () => {
    const unknown = bytesOf((writer) => {
      writer.tag((900 << 3) | 2);
      writer.string('x');
      writer.tag((901 << 3) | 3);
      writer.tag((1 << 3) | 0);
      writer.int32(1);
      writer.tag((901 << 3) | 4);
      writer.tag((902 << 3) | 5);
      writer.float(1);
    });
    const known = encodeMessage(Order, { id: 'a' });
    const message = decodeMessage(Order, Uint8Array.of(...unknown, ...known, ...unknown));
    expect(message.id).toBe('a');
    expect(encodeMessage(Order, message)).toEqual(Uint8Array.of(...known, ...unknown, ...unknown));
  });

  test('a field of another wire type is unknown', () => {
    const bytes = Uint8Array.of(0x08, 0x01);
    const message = decodeMessage(Order, bytes);
    expect(message).toEqual(Order.create({ $unknown: bytes }));
  });

  test('numbers that a closed enum does not have are unknown fields', () => {
    const bytes = bytesOf((writer) => {
      writer.tag(12 << 3);
      writer.int32(7);
      writer.tag((9 << 3) | 2);
      const list = writer.begin();
      writer.int32(1);
      writer.int32(-5);
      writer.end(list);
      writer.tag((13 << 3) | 2);
      const entry = writer.begin();
      writer.tag(1 << 3);
      writer.int32(3);
      writer.tag(2 << 3);
      writer.int32(9);
      writer.end(entry);
    });
    const message = decodeMessage(Modern, bytes);
    expect(message).toMatchObject({ maybeShut: undefined, shut: [Shut.ONE], shutMap: {} });
    const again = decodeMessage(Modern, encodeMessage(Modern, { ...message, needed: '' }));
    expect(again.$unknown).toEqual(message.$unknown);
    expect(message.$unknown).toHaveLength(2 + 11 + 6);
  });

  test('messages are nested up to the limit, groups too', () => {
    const nested = (depth: number, delimited: boolean): Uint8Array => {
      let message = Modern.create({ text: 'x' } as object);
      for (let i = 1; i < depth; i++) {
        message = Modern.create(delimited ? { delimited: message } : { prefixed: message });
      }
      return encodeMessage(Modern, message);
    };
    for (const delimited of [false, true]) {
      expect(decodeMessage(Modern, nested(100, delimited))).toBeDefined();
      expect(faultOf(() => decodeMessage(Modern, nested(101, delimited)))).toContain(
        'deeper than 100',
      );
    }
  });

  test('a group must end where it began', () => {
    const group = 0x2b;
    const end = 0x2c;
    expect(decodeMessage(Modern, Uint8Array.of(group, 0x08, 1, end)).delimited?.implicit).toBe(1);
    for (const broken of [
      [group],
      [end],
      [group, 0x34],
      [group, 0x22, 1, end],
      [group, 0x22, 1, end, end],
      [0x22, 1, group, end],
      [0x22, 2, group, 0x10, end],
    ]) {
      expect(() => decodeMessage(Modern, Uint8Array.from(broken))).toThrow(RpcError);
    }
  });

  test('many small parts cost no more than their bytes', () => {
    const parts = 200_000;
    const unknown = decodeMessage(
      Order,
      new Uint8Array(2 * parts).map((_, i) => (i % 2 ? 1 : 0x78)),
    );
    expect(unknown.$unknown).toHaveLength(2 * parts);
    const inner = [0x4a, 2, 0x78, 1];
    const merged = decodeMessage(
      Order,
      new Uint8Array(4 * parts).map((_, i) => inner[i % 4]!),
    );
    expect(merged.address?.$unknown).toHaveLength(2 * parts);
  });

  test('strings are not checked where the schema says so', () => {
    const bytes = Uint8Array.of(0x52, 1, 0xff, 0x5a, 1, 0xff);
    expect(decodeMessage(Modern, bytes)).toMatchObject({
      unchecked: '\ufffd',
      uncheckedList: ['\ufffd'],
    });
    expect(faultOf(() => decodeMessage(Order, Uint8Array.of(0x0a, 1, 0xff)))).toContain(
      'not UTF-8',
    );
  });
});

describe('proto2', () => {
  test('what absent fields mean is told', () => {
    expect(LegacyDefaults).toEqual({
      count: -7,
      text: 'it\'s "x"\n',
      data: Uint8Array.of(1, 255, 97),
      infinite: Number.POSITIVE_INFINITY,
      notANumber: Number.NaN,
      large: 2n ** 64n - 1n,
      flag: true,
      level: Level.HIGH,
    });
  });

  test('a message without a required field is read with its default', () => {
    expect(decodeMessage(Legacy, new Uint8Array(0))).toMatchObject({ name: '', needed: Level.LOW });
  });

  test('extensions of every kind', () => {
    const message = Legacy.create({ name: 'x', needed: Level.LOW });
    expect(hasExtension(message, note)).toBe(false);
    expect(getExtension(message, note)).toBeUndefined();
    expect(getExtension(message, numbers)).toEqual([]);
    setExtension(message, note, 'first');
    setExtension(message, numbers, [1, 2]);
    setExtension(message, moreLevels, [Level.LOW, Level.HIGH]);
    setExtension(message, grouped, { inside: 4 });
    setExtension(message, longText, '-9');
    setExtension(message, extra, { legacy: message });
    setExtension(message, note, 'second');
    const read = decodeMessage(Legacy, encodeMessage(Legacy, message));
    expect(getExtension(read, note)).toBe('second');
    expect(getExtension(read, numbers)).toEqual([1, 2]);
    expect(getExtension(read, moreLevels)).toEqual([Level.LOW, Level.HIGH]);
    expect(getExtension(read, grouped)?.inside).toBe(4);
    expect(getExtension(read, longText)).toBe('-9');
    expect(getExtension(read, extra)?.legacy?.name).toBe('x');
    clearExtension(read, numbers);
    expect(hasExtension(read, numbers)).toBe(false);
    expect(hasExtension(read, note)).toBe(true);
  });
});
