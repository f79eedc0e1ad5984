import { type FieldDescriptorProto, FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import { escapeBytes, formatDouble, formatFloat } from '../default-format.ts';
import { stringBytes } from '../string-literal.ts';
import { integerValue, parseBigInteger } from './parse-number.ts';
import type { ParseState } from './parse-state.ts';

/**
 * `default = VALUE` of a field, in the form that `FieldDescriptorProto.default_value` has. That of
 * an enum is taken as it stands; the linker checks it.
 */
export function parseDefault(
  state: ParseState,
  field: FieldDescriptorProto,
  path: readonly number[],
): void {
  const name = state.take();
  if (Object.hasOwn(field, 'defaultValue')) state.report('default is set twice; remove one', name);
  state.expect('=', 'after "default"');
  const start = state.current;
  state.places.set(field, 'default', start);
  field.defaultValue = Object.hasOwn(field, 'type')
    ? scalarText(state, field.type)
    : enumText(state);
  state.mark([...path, 7], start);
}

function enumText(state: ParseState): string {
  // What the type is, is not known yet: for a misspelled scalar that is the problem to tell.
  if (state.current.kind === 'symbol' && !state.at('-')) {
    state.fail(`expected a value of the enum, not ${state.found()}`);
  }
  return `${state.accept('-') ? '-' : ''}${state.take().text}`;
}

function scalarText(state: ParseState, type: FieldDescriptorProto_Type): string {
  switch (type) {
    case FieldDescriptorProto_Type.FLOAT:
      return formatFloat(parseNumber(state));
    case FieldDescriptorProto_Type.DOUBLE:
      return formatDouble(parseNumber(state));
    case FieldDescriptorProto_Type.BOOL:
      if (!state.at('true') && !state.at('false')) {
        state.fail(`expected true or false, not ${state.found()}`);
      }
      return state.take().text;
    case FieldDescriptorProto_Type.STRING:
      return state.string('a default');
    case FieldDescriptorProto_Type.BYTES:
      return escapeBytes(stringBytes(state.strings('a default'), state.source));
    case FieldDescriptorProto_Type.GROUP:
    case FieldDescriptorProto_Type.MESSAGE:
    case FieldDescriptorProto_Type.ENUM:
      return state.fail('a message has no default; remove it');
    default:
      return String(parseInRange(state, integerRanges[type]));
  }
}

interface IntegerRange {
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
}

const int32: IntegerRange = { name: 'an int32', min: -(2n ** 31n), max: 2n ** 31n - 1n };
const int64: IntegerRange = { name: 'an int64', min: -(2n ** 63n), max: 2n ** 63n - 1n };
const uint32: IntegerRange = { name: 'a uint32', min: 0n, max: 2n ** 32n - 1n };
const uint64: IntegerRange = { name: 'a uint64', min: 0n, max: 2n ** 64n - 1n };

const integerRanges = {
  [FieldDescriptorProto_Type.INT32]: int32,
  [FieldDescriptorProto_Type.SINT32]: int32,
  [FieldDescriptorProto_Type.SFIXED32]: int32,
  [FieldDescriptorProto_Type.INT64]: int64,
  [FieldDescriptorProto_Type.SINT64]: int64,
  [FieldDescriptorProto_Type.SFIXED64]: int64,
  [FieldDescriptorProto_Type.UINT32]: uint32,
  [FieldDescriptorProto_Type.FIXED32]: uint32,
  [FieldDescriptorProto_Type.UINT64]: uint64,
  [FieldDescriptorProto_Type.FIXED64]: uint64,
} as const satisfies Partial<Record<FieldDescriptorProto_Type, IntegerRange>>;

function parseInRange(state: ParseState, { name, min, max }: IntegerRange): bigint {
  if (min === 0n && state.at('-')) {
    state.fail('an unsigned field has no negative default; remove the "-"');
  }
  return parseBigInteger(state, name, min, max);
}

function parseNumber(state: ParseState): number {
  const sign = state.accept('-') ? -1 : 1;
  const { kind, text } = state.current;
  if (kind === 'float') return sign * Number(state.take().text);
  if (kind === 'integer') return sign * Number(integerValue(state.take().text) ?? 0n);
  if (text !== 'inf' && text !== 'nan') state.fail(`expected a number, not ${state.found()}`);
  state.take();
  return text === 'inf' ? sign * Infinity : Number.NaN;
}
