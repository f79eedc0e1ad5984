import { expect, test } from 'bun:test';
import { type DescMessage, fromJson, type Message, toBinary } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import { RpcError } from '../rpc-error.ts';
import { dynamicTypeRegistry } from './dynamic.ts';
import type { JsonValue } from './json-value.ts';
import { encodeMessage } from './message-bytes.ts';
import type { MessageType } from './message-type.ts';
import { arbitraryMessage } from './testing/arbitrary-message.ts';
import { fixtureRegistry, fixtureTypes } from './testing/fixture-types.ts';
import { randomRuns } from './testing/random-runs.ts';

const registry = dynamicTypeRegistry(fixtureRegistry);
const runs = randomRuns(25);

/*
 * Where protobuf-es differs: numbers as texts. It takes what JavaScript takes, `"01"`, `"0x10"` and,
 * where 64 bits are asked for, `" 1"`, but not `"1e2"` there; we take the numbers of JSON. No such
 * text is among the values here; `message-json.test.ts` has them.
 */

/** protobuf-es takes blanks in base64, more texts as integers, and knows no `jstype = JS_NUMBER`. */
const stricter = ['expected base64', '64-bit integer, not "', 'is no safe integer'];

/** JSON of a message with one value in it replaced, wherever it is, and one name changed. */
function mutated(type: MessageType, desc: DescMessage): Arbitrary<JsonValue> {
  const value = fc.oneof(
    fc.constantFrom<JsonValue>(
      null,
      true,
      '',
      '1',
      '-1',
      '0.5',
      'NaN',
      'Infinity',
      'abcd',
      'YQ',
      '1970-01-01T00:00:00Z',
      '1s',
      1e40,
      -0,
      0.5,
      4_294_967_296,
      2 ** 53,
    ),
    fc.integer(),
    fc.jsonValue({ maxDepth: 2 }) as Arbitrary<JsonValue>,
  );
  return fc
    .tuple(arbitraryMessage(desc), fc.array(fc.nat(30), { maxLength: 4 }), value)
    .map(([message, path, replacement]) => {
      const json = JSON.parse(JSON.stringify(type.toJson(message, { registry }))) as JsonValue;
      return replaced(json, path, replacement);
    });
}

function replaced(json: JsonValue, path: readonly number[], value: JsonValue): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined || typeof json !== 'object' || json === null) return value;
  if (Array.isArray(json)) {
    return json.map((one, i) => (i === step % json.length ? replaced(one, rest, value) : one));
  }
  const names = Object.keys(json);
  return Object.fromEntries(
    Object.entries(json).map(([name, one], i) =>
      i === step % names.length ? [name, replaced(one, rest, value)] : [name, one],
    ),
  );
}

function ours(type: MessageType, json: JsonValue): Uint8Array | string {
  try {
    return encodeMessage(type, type.fromJson(json, { registry }));
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    return (error as RpcError).message;
  }
}

/** Undefined for JSON that protobuf-es refuses to read, `incomplete` for what it refuses to write. */
function theirs(desc: DescMessage, json: JsonValue): Uint8Array | 'incomplete' | undefined {
  let message: Message;
  try {
    message = fromJson(desc, json as never, { registry: fixtureRegistry });
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

for (const { type, desc } of fixtureTypes) {
  test(`${type.typeName}: JSON is taken or refused as protobuf-es does`, () => {
    fc.assert(
      fc.property(mutated(type, desc), (json) => {
        const own = ours(type, json);
        const their = theirs(desc, json);
        if (typeof own === 'string') {
          if (their === undefined || stricter.some((reason) => own.includes(reason))) return;
        }
        // Of required fields that are absent we give the default, unless they are messages.
        if (their === 'incomplete') return;
        expect(own).toEqual(their!);
      }),
      runs,
    );
  });
}
