import { describe, expect, test } from 'bun:test';
import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import { RpcError } from '../rpc-error.ts';
import { dynamicMessageType } from './dynamic.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import type { MessageType } from './message-type.ts';
import { arbitraryMessage } from './testing/arbitrary-message.ts';
import { fixtureTypes } from './testing/fixture-types.ts';
import { hasMismatch } from './testing/mismatch.ts';
import { randomRuns } from './testing/random-runs.ts';

const runs = randomRuns(12);

/*
 * Where protobuf-es reads what we refuse. It does not look whether a nested message, a packed list or
 * a map's entry ends where its length says, takes a length modulo 2 ** 32, passes over varints of any
 * length, takes the end of a group without its begin, and knows no `jstype = JS_NUMBER`.
 */
const stricter = [
  'the end of a message or of packed values inside of a field',
  'a length of',
  'a varint that is longer than ten bytes',
  'the end of a group',
  'the end of a message inside of a group',
  'the message ends inside of a field',
  'is no safe integer',
];

/** Bytes of a message with some of them changed, taken out, put in, repeated or cut off. */
function mutated(type: MessageType, desc: DescMessage): Arbitrary<Uint8Array> {
  const change = fc.record({
    kind: fc.constantFrom('set', 'flip', 'insert', 'delete', 'repeat', 'cut'),
    at: fc.nat(10_000),
    value: fc.nat(255),
  });
  return fc
    .tuple(arbitraryMessage(desc), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([message, changes]) => {
      const bytes = [...encodeMessage(type, message)];
      for (const { kind, at: anywhere, value } of changes) {
        const at = anywhere % (bytes.length + 1);
        if (kind === 'set') bytes[at] = value;
        else if (kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << (value & 7));
        else if (kind === 'insert') bytes.splice(at, 0, value);
        else if (kind === 'delete') bytes.splice(at, 1 + (value & 3));
        else if (kind === 'repeat') bytes.splice(at, 0, ...bytes.slice(at, at + (value & 31)));
        else bytes.length = at;
      }
      return Uint8Array.from(bytes);
    });
}

type Outcome = { message: object } | { fault: string };

function outcomeOf(type: MessageType, bytes: Uint8Array): Outcome {
  try {
    return { message: decodeMessage(type, bytes) };
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    return { fault: (error as RpcError).message };
  }
}

/** Undefined for bytes that protobuf-es refuses to read, `incomplete` for what it refuses to write. */
function theirBytes(desc: DescMessage, bytes: Uint8Array): Uint8Array | 'incomplete' | undefined {
  let message: Message;
  try {
    message = fromBinary(desc, bytes);
  } catch {
    return undefined;
  }
  try {
    return toBinary(desc, message);
  } catch (error) {
    expect(`${error}`).toContain('required field not set');
    return 'incomplete';
  }
}

function ourBytes(type: MessageType, message: object): Uint8Array | 'incomplete' {
  try {
    return encodeMessage(type, message);
  } catch (error) {
    expect(`${error}`).toContain('required field');
    return 'incomplete';
  }
}

for (const { type, desc } of fixtureTypes) {
  describe(type.typeName, () => {
    const dynamic = dynamicMessageType(desc);

    test('broken bytes are taken or refused as protobuf-es does', () => {
      fc.assert(
        fc.property(mutated(type, desc), (bytes) => {
          const outcome = outcomeOf(type, bytes);
          // protobuf-es reads a value of another wire type as if it were the field's; we keep it as
          // unknown, as the specification asks. What follows may then be anything.
          if (hasMismatch(desc, bytes)) return;
          const theirs = theirBytes(desc, bytes);
          if ('message' in outcome) {
            // Of required fields that are absent we give the default, unless they are messages.
            const written = ourBytes(type, outcome.message);
            if (theirs === 'incomplete' || written === 'incomplete') return;
            // We keep unknown fields byte by byte; protobuf-es writes their tags as short as can be.
            expect(theirBytes(desc, written)).toEqual(theirs!);
          } else if (theirs !== undefined) {
            expect(stricter.filter((reason) => outcome.fault.includes(reason))).not.toEqual([]);
          }
        }),
        runs,
      );
    });

    test('generated code and dynamic types read broken bytes alike', () => {
      fc.assert(
        fc.property(mutated(type, desc), (bytes) => {
          expect(outcomeOf(dynamic, bytes)).toEqual(outcomeOf(type, bytes));
        }),
        runs,
      );
    });

    test('what was read is written and read again the same', () => {
      fc.assert(
        fc.property(mutated(type, desc), (bytes) => {
          const outcome = outcomeOf(type, bytes);
          if ('fault' in outcome) return;
          const again = ourBytes(type, outcome.message);
          if (again !== 'incomplete') expect(outcomeOf(type, again)).toEqual(outcome);
        }),
        runs,
      );
    });
  });
}
