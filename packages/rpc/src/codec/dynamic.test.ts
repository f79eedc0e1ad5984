import { expect, test } from 'bun:test';
import { packAny } from './any.ts';
import { dynamicMessageType, dynamicTypeRegistry } from './dynamic.ts';
import { setExtension } from './extension.ts';
import { Node, WellKnown } from './fixtures/gen/zrpc/test/everything_pb.ts';
import { Legacy, Level, numbers } from './fixtures/gen/zrpc/test/legacy_pb.ts';
import { fixtureRegistry } from './testing/fixture-types.ts';
import { Timestamp } from './well-known.ts';

const registry = dynamicTypeRegistry(fixtureRegistry);

test('a descriptor has one type', () => {
  const desc = fixtureRegistry.getMessage('zrpc.test.Node')!;
  expect(dynamicMessageType(desc)).toBe(dynamicMessageType(desc));
  expect(dynamicMessageType(desc).typeName).toBe('zrpc.test.Node');
});

test('a registry knows the messages that an Any holds', () => {
  const message = WellKnown.create({
    any: packAny(Node, { name: 'a', others: [{ name: 'b' }] }),
    anys: [packAny(Timestamp, { seconds: 5n })],
  });
  const json = WellKnown.toJson(message, { registry });
  expect(json).toEqual({
    any: { '@type': 'type.googleapis.com/zrpc.test.Node', name: 'a', others: [{ name: 'b' }] },
    anys: [
      {
        '@type': 'type.googleapis.com/google.protobuf.Timestamp',
        value: '1970-01-01T00:00:05Z',
      },
    ],
  });
  expect(WellKnown.fromJson(json, { registry })).toEqual(message);
  expect(registry.message('zrpc.test.Missing')).toBeUndefined();
});

test('a registry knows extensions by name and by number', () => {
  const message = Legacy.create({ name: 'x', needed: Level.LOW });
  setExtension(message, numbers, [1, 2]);
  const json = Legacy.toJson(message, { registry });
  expect(json).toMatchObject({ '[zrpc.test.numbers]': [1, 2] });
  expect(Legacy.fromJson(json, { registry })).toEqual(message);
  expect(registry.extension('zrpc.test.missing')).toBeUndefined();
  expect(registry.extensionOf('zrpc.test.Legacy', 199)).toBeUndefined();
  expect(registry.extensionOf('zrpc.test.Missing', 1)).toBeUndefined();
});
