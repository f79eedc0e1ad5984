import { describe, expect, test } from 'bun:test';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { dynamicMessageType, dynamicTypeRegistry } from './dynamic.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import { arbitraryMessage } from './testing/arbitrary-message.ts';
import {
  fixtureRegistry,
  fixtureTypes,
  ownTypes,
  protobufjsRoot,
} from './testing/fixture-types.ts';
import { randomRuns } from './testing/random-runs.ts';

const es = { registry: fixtureRegistry };
const ours = { registry: dynamicTypeRegistry(fixtureRegistry) };
/** protobufjs makes code that is no JavaScript of a field `_1a`, and loses a field `__proto__`. */
const unreadable: ReadonlySet<string> = new Set(['zrpc.test.Names', 'zrpc.test.ProtoName']);
const runs = randomRuns(6);

for (const { type, desc } of [...fixtureTypes, ...ownTypes]) {
  describe(type.typeName, () => {
    const messages = arbitraryMessage(desc);
    const dynamic = dynamicMessageType(desc);

    test('bytes are those of protobuf-es, and come back as the message', () => {
      fc.assert(
        fc.property(messages, (message) => {
          const bytes = encodeMessage(type, message);
          expect(bytes).toEqual(toBinary(desc, fromBinary(desc, bytes)));
          expect(decodeMessage(type, bytes)).toEqual(type.create(message));
          expect(encodeMessage(type, type.create(message))).toEqual(bytes);
        }),
        runs,
      );
    });

    if (!unreadable.has(type.typeName)) {
      test('bytes are those of protobufjs', () => {
        const theirs = protobufjsRoot.lookupType(type.typeName);
        fc.assert(
          fc.property(messages, (message) => {
            const bytes = encodeMessage(type, message);
            const written = theirs.encode(theirs.decode(bytes)).finish();
            expect(bytes).toEqual(Uint8Array.from([...written]));
          }),
          runs,
        );
      });
    }

    test('JSON is that of protobuf-es, and comes back as the message', () => {
      fc.assert(
        fc.property(messages, (message) => {
          const bytes = encodeMessage(type, message);
          for (const options of [{}, { alwaysEmitImplicit: true }, { useProtoFieldName: true }]) {
            const json = type.toJson(message, { ...options, ...ours });
            expect(json).toEqual(toJson(desc, fromBinary(desc, bytes), { ...options, ...es }));
            const text = JSON.parse(JSON.stringify(json));
            const theirs = toBinary(desc, fromJson(desc, text, es));
            expect(encodeMessage(type, type.fromJson(text, ours))).toEqual(theirs);
          }
        }),
        runs,
      );
    });

    test('a dynamic type does the same', () => {
      fc.assert(
        fc.property(messages, (message) => {
          const bytes = encodeMessage(type, message);
          expect(encodeMessage(dynamic, message)).toEqual(bytes);
          expect(decodeMessage(dynamic, bytes)).toEqual(type.create(message));
          expect(dynamic.create(message)).toEqual(type.create(message));
          expect(dynamic.toJson(message, ours)).toEqual(type.toJson(message, ours));
        }),
        runs,
      );
    });
  });
}
