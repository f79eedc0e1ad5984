import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProto_ReservedRangeSchema,
  type EnumDescriptorProto,
  EnumDescriptorProto_EnumReservedRangeSchema,
  type SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt';
import type { Token } from '../tokenizer.ts';
import { maxInt32, parseInteger, parseSignedInteger } from './parse-number.ts';
import { parseOptionList } from './parse-option.ts';
import type { ParseState } from './parse-state.ts';

/** The largest number of a field. */
export const maxFieldNumber = 536_870_911;
/** `max` of a range until the options of its message are known. */
const untilMax = -1;

/** `extensions 100 to 199, 1000 to max [OPTIONS];` */
export function parseExtensionRanges(
  state: ParseState,
  message: DescriptorProto,
  path: readonly number[],
): void {
  const rangesPath = [...path, 5];
  const location = state.open(rangesPath);
  const first = message.extensionRange.length;
  state.take();
  do {
    const range = create(DescriptorProto_ExtensionRangeSchema);
    const rangePath = [...rangesPath, message.extensionRange.length];
    message.extensionRange.push(range);
    parseRange(state, range, rangePath, () => parseInteger(state, 'a number of a range'));
    if (range.end !== untilMax) range.end++;
  } while (state.accept(','));
  parseRangeOptions(state, message, rangesPath, first);
  state.expectEnd(';', location, 'after the ranges');
  state.close(location);
}

/** Each option of a statement is given to each of its ranges. */
const maxRangeOptions = 10_000;

/** Options stand behind the last range and are those of each. */
function parseRangeOptions(
  state: ParseState,
  message: DescriptorProto,
  rangesPath: readonly number[],
  first: number,
): void {
  const range = message.extensionRange[first];
  if (range === undefined || !state.at('[')) return;
  const firstLocation = state.locations.length;
  parseOptionList(state, range, [...rangesPath, first, 3]);
  const statements = state.options.get(range) ?? [];
  const locations = state.locations.slice(firstLocation);
  const copies = (message.extensionRange.length - first - 1) * statements.length;
  if (copies > maxRangeOptions) {
    state.fail(`${copies} options of ranges in one statement; write at most ${maxRangeOptions}`);
  }
  for (let index = first + 1; index < message.extensionRange.length; index++) {
    const copyOf = new Map<SourceCodeInfo_Location | undefined, SourceCodeInfo_Location>();
    for (const original of locations) {
      const copy = state.open(original.path);
      copy.path[rangesPath.length] = index;
      copy.span = [...original.span];
      copyOf.set(original, copy);
    }
    state.options.set(
      message.extensionRange[index] as object,
      statements.map((statement) => ({ ...statement, location: copyOf.get(statement.location) })),
    );
  }
}

interface Range {
  start: number;
  end: number;
}

/** `START`, `START to END` or `START to max`; the end is inclusive here. */
function parseRange(
  state: ParseState,
  range: Range,
  path: readonly number[],
  parseBound: () => number,
): void {
  const start = state.current;
  const location = state.open(path);
  state.places.set(range, 'number', start);
  range.start = parseBound();
  const startEnd = state.previous;
  state.mark([...path, 1], start);
  if (state.accept('to')) {
    const end = state.current;
    state.places.set(range, 'end', end);
    range.end = state.accept('max') ? untilMax : parseBound();
    state.mark([...path, 2], end);
  } else {
    range.end = range.start;
    state.mark([...path, 2], start, startEnd);
  }
  state.close(location);
}

/** `reserved 2, 9 to 11;`, `reserved "foo";` or, in editions, `reserved foo;` in a message. */
export function parseReserved(
  state: ParseState,
  message: DescriptorProto,
  path: readonly number[],
): void {
  const start = state.take();
  if (isReservedName(state)) {
    parseReservedNames(state, message, [...path, 10], start);
    return;
  }
  const rangesPath = [...path, 9];
  const location = state.open(rangesPath, start);
  do {
    const range = create(DescriptorProto_ReservedRangeSchema);
    const rangePath = [...rangesPath, message.reservedRange.length];
    message.reservedRange.push(range);
    parseRange(state, range, rangePath, () => parseInteger(state, 'a name or number to reserve'));
    if (range.end !== untilMax) range.end++;
  } while (state.accept(','));
  state.expectEnd(';', location, 'after what is reserved');
  state.close(location);
}

/** The same in an enum, where numbers may be negative and the end of a range is inclusive. */
export function parseEnumReserved(
  state: ParseState,
  enumeration: EnumDescriptorProto,
  path: readonly number[],
): void {
  const start = state.take();
  if (isReservedName(state)) {
    parseReservedNames(state, enumeration, [...path, 5], start);
    return;
  }
  const rangesPath = [...path, 4];
  const location = state.open(rangesPath, start);
  do {
    const range = create(EnumDescriptorProto_EnumReservedRangeSchema);
    const rangePath = [...rangesPath, enumeration.reservedRange.length];
    enumeration.reservedRange.push(range);
    parseRange(state, range, rangePath, () =>
      parseSignedInteger(state, 'a name or number to reserve'),
    );
    if (state.previous.text === 'max') range.end = maxInt32;
  } while (state.accept(','));
  state.expectEnd(';', location, 'after what is reserved');
  state.close(location);
}

function isReservedName(state: ParseState): boolean {
  return state.current.kind === 'string' || state.current.kind === 'identifier';
}

function parseReservedNames(
  state: ParseState,
  owner: DescriptorProto | EnumDescriptorProto,
  path: readonly number[],
  start: Token,
): void {
  const isEditions = state.syntax === 'editions';
  if (isEditions && state.current.kind === 'string') {
    state.fail('reserved names have no quotes in editions; remove them');
  }
  if (!isEditions && state.current.kind === 'identifier') {
    state.fail(`reserved names stand in quotes before editions; write "${state.current.text}"`);
  }
  const location = state.open(path, start);
  do {
    const name = state.current;
    state.places.set(owner, 'reserved-name', name, owner.reservedName.length);
    const itemPath = [...path, owner.reservedName.length];
    owner.reservedName.push(
      isEditions ? state.identifier('a name to reserve').text : state.string('a name to reserve'),
    );
    state.mark(itemPath, name);
  } while (state.accept(','));
  state.expectEnd(';', location, 'after what is reserved');
  state.close(location);
}

/** `max` of a message's ranges is the largest number of its fields, more for a message set. */
export function resolveMaxRanges(state: ParseState, message: DescriptorProto): void {
  const max = isMessageSet(state, message) ? maxInt32 : maxFieldNumber + 1;
  for (const range of [...message.extensionRange, ...message.reservedRange]) {
    if (range.end === untilMax) range.end = max;
  }
}

function isMessageSet(state: ParseState, message: DescriptorProto): boolean {
  const statements = state.options.get(message) ?? [];
  return statements.some(
    ({ name, value }) =>
      name.length === 1 &&
      name[0]?.isExtension === false &&
      name[0].text === 'message_set_wire_format' &&
      value.kind === 'identifier' &&
      value.text === 'true',
  );
}
