import { describe, expect, test } from 'bun:test';
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { dynamicMessageType, dynamicTypeRegistry } from '../../codec/dynamic.ts';
import { encodeMessage } from '../../codec/message-bytes.ts';
import { fixtureRegistry, fixtureTypes } from '../../codec/testing/fixture-types.ts';
import { shopDescriptorSet } from '../testing/shop-service.ts';
import { fakeMessage } from './fake-message.ts';
import { SeededRandom } from './seeded-random.ts';

const shop = createFileRegistry(fromBinary(FileDescriptorSetSchema, shopDescriptorSet));
const order = shop.getMessage('shop.v1.Order') as DescMessage;
const messages: DescMessage[] = [...fixtureRegistry].filter((type) => type.kind === 'message');
const anyTypes = fixtureTypes.map(({ desc }) => desc).filter(({ fields }) => fields.length > 0);

describe('fakes of every type of the fixtures', () => {
  test('are what our codec takes, and protobuf-es reads the same from bytes as from JSON', () => {
    const types = dynamicTypeRegistry(fixtureRegistry);
    expect(messages.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), (desc, seed) => {
        const json = fakeMessage(desc, { random: new SeededRandom(seed), anyTypes });
        const type = dynamicMessageType(desc);
        const bytes = encodeMessage(type, type.fromJson(json, { registry: types }));
        const ofJson = fromJson(desc, json as JsonValue, { registry: fixtureRegistry });
        // By way of bytes: a float has fewer digits there than in JSON.
        expect(fromBinary(desc, bytes)).toEqual(fromBinary(desc, toBinary(desc, ofJson)));
      }),
      { numRuns: 300 },
    );
  });

  test('set one field of each oneof, and enums to a value that says something', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const json = fakeMessage(order, { random: new SeededRandom(seed) }) as Record<
          string,
          unknown
        >;
        expect(['cardToken', 'invoice'].filter((name) => name in json)).toHaveLength(1);
        expect(['STATUS_OPEN', 'STATUS_SENT']).toContain(json.status as string);
      }),
      { numRuns: 50 },
    );
  });

  test('end, though the type holds itself', () => {
    const depthOf = (json: unknown): number =>
      typeof json === 'object' && json !== null
        ? 1 + Math.max(0, ...Object.values(json).map(depthOf))
        : 0;
    for (let seed = 0; seed < 50; seed++) {
      expect(depthOf(fakeMessage(order, { random: new SeededRandom(seed) }))).toBeLessThan(12);
    }
  });
});

test('the same seed gives the same message, another one another', () => {
  const fake = (seed: string): string =>
    JSON.stringify(fakeMessage(order, { random: new SeededRandom(seed) }));
  expect(fake('a')).toBe(fake('a'));
  expect(fake('a')).not.toBe(fake('b'));
});

test('a message has no more values than it may', () => {
  const json = fakeMessage(order, { random: new SeededRandom('a'), maxValues: 0 });
  expect(json).toEqual({});
});
