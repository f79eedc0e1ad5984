import { dynamicTypeRegistry } from '../../../codec/dynamic.ts';
import { decodeMessage, encodeMessage } from '../../../codec/message-bytes.ts';
import type { MessageType } from '../../../codec/message-type.ts';
import { Reader } from '../../../codec/reader.ts';
import {
  fixtureRegistry,
  fixtureTypes,
  type GeneratedType,
  ownTypes,
} from '../../../codec/testing/fixture-types.ts';
import { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { RpcError } from '../../../rpc-error.ts';
import { binaryToJson, jsonToBinary } from '../../../transports/fetch/wire/json-messages.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { type Corpus, mutated } from './mutation.ts';
import { sampleMessage } from './sample-message.ts';

const types = [...fixtureTypes, ...ownTypes];
const registry = dynamicTypeRegistry(fixtureRegistry);
const samplesPerType = 5;
/** More than any reader follows. */
const nested = 300;

/** Bytes to generated code: a message that can be written again, or `invalid_argument`. */
export function protobuf(): FuzzTarget {
  const corpusOf = corpora(wireWords(), fieldsOf);
  return {
    prepare(random) {
      const generated = random.pick(types);
      const bytes = mutated(corpusOf(generated), random);
      return {
        bytes,
        feed() {
          const { type } = generated;
          const message = unlessRefused(() => decodeMessage(type, bytes));
          if (message !== undefined) unlessRefused(() => encodeMessage(type, message));
        },
      };
    },
  };
}

/** JSON to a message and back, or `invalid_argument`. */
export function json(): FuzzTarget {
  const corpusOf = corpora(jsonWords(), tokensOf);
  return {
    prepare(random) {
      const generated = random.pick(types);
      const bytes = mutated(corpusOf(generated), random);
      return {
        bytes,
        feed() {
          const { type } = generated;
          const binary = unlessRefused(() => jsonToBinary(type, bytes, registry));
          if (binary !== undefined) unlessRefused(() => binaryToJson(type, binary, registry));
        },
      };
    },
  };
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RpcError && error.code === 'invalid_argument') return undefined;
    throw error;
  }
}

/** The corpus of a type is made when the first input needs it. */
function corpora(
  words: readonly Uint8Array[],
  cut: (type: MessageType, message: object) => Uint8Array[],
): (generated: GeneratedType) => Corpus {
  const made = new Map<MessageType, Corpus>();
  return ({ type, desc }) => {
    const known = made.get(type);
    if (known !== undefined) return known;
    const random = new SeededRandom('samples', type.typeName);
    const samples = Array.from({ length: samplesPerType }, () =>
      cut(type, sampleMessage(desc, random)),
    );
    const filled = samples.filter((parts) => parts.length > 0);
    const corpus = { headParts: 0, samples: filled.length > 0 ? filled : [[...words]], words };
    made.set(type, corpus);
    return corpus;
  };
}

function fieldsOf(type: MessageType, message: object): Uint8Array[] {
  const bytes = encodeMessage(type, message);
  const reader = new Reader();
  reader.reset(bytes);
  const fields: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start = reader.position) {
    reader.skip(reader.tag());
    fields.push(bytes.slice(start, reader.position));
  }
  return fields;
}

function tokensOf(type: MessageType, message: object): Uint8Array[] {
  const text = JSON.stringify(type.toJson(message, { registry }));
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[-+.\w]+|[^"\w]/g) ?? [];
  return tokens.map((token) => Buffer.from(token));
}

function wireWords(): Uint8Array[] {
  const hex = ['0a', '0b', '0c', '00', '07', '80', 'ffffffffffffffffff01', 'ffffffffffffffffffff'];
  const deep = [1, 2, 3, 5, 18].flatMap((number) => [messages(number), groups(number)]);
  return [...hex.map((one) => Uint8Array.fromHex(one)), ...deep];
}

/** A message in a message in a message, …, in fields of this number. */
function messages(number: number): Uint8Array {
  let bytes = Buffer.alloc(0);
  for (let i = 0; i < nested; i++) {
    const { length } = bytes;
    const head = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
    bytes = Buffer.concat([tagOf(number, 2), Buffer.from(head), bytes]);
  }
  return bytes;
}

function groups(number: number): Uint8Array {
  const begins = Array.from({ length: nested }, () => tagOf(number, 3));
  return Buffer.concat([...begins, ...begins.map(() => tagOf(number, 4))]);
}

function tagOf(number: number, wireType: number): Buffer {
  const tag = (number << 3) | wireType;
  return Buffer.from(tag < 0x80 ? [tag] : [(tag & 0x7f) | 0x80, tag >> 7]);
}

function jsonWords(): Uint8Array[] {
  const lists = '['.repeat(nested) + ']'.repeat(nested);
  const objects = `${'{"a":'.repeat(nested)}1${'}'.repeat(nested)}`;
  const structs = '{"structValue":{"fields":{"a":'.repeat(nested);
  const texts = ['', 'NaN', '-Infinity', '1', '-1', '1e3', '0x1', '1s', '-0.000000001s', 'a.b,cD'];
  const times = ['1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '0000-00-00T00:00:00'];
  const numbers = ['null', 'true', '-0', '1e999', '9223372036854775808', '-1', '0.5', '4294967296'];
  const any = '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}';
  const broken = ['"\\ud800"', '"\\u0000"', '"', '\\', '{', '}', ',', ':', '__proto__', '\u00e4'];
  const quoted = [...texts, ...times].map((text) => JSON.stringify(text));
  const all = [...numbers, ...quoted, ...broken, any, lists, objects, structs, '"__proto__"'];
  return all.map((text) => Buffer.from(text));
}
