import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt';
import type { Token } from '../tokenizer.ts';
import { addMapEntry, type MapTypes, parseMapTypes } from './parse-map.ts';
import { parseInteger } from './parse-number.ts';
import { parseFieldOptions } from './parse-option.ts';
import type { ParseState } from './parse-state.ts';
import { parseTypeName } from './parse-type.ts';

type MessageBodyParser = (
  state: ParseState,
  message: DescriptorProto,
  path: readonly number[],
  location: SourceCodeInfo_Location,
) => void;

/** Where a field, with what it declares besides itself, goes. */
export interface FieldTarget {
  readonly fields: FieldDescriptorProto[];
  /** Where a group or the entry of a map is declared. */
  readonly messages: DescriptorProto[];
  readonly fieldsPath: readonly number[];
  readonly messagesPath: readonly number[];
  /** Reads the body of a group. */
  readonly parseBody: MessageBodyParser;
  readonly extendee?: { readonly name: string; readonly start: Token; readonly end: Token };
  readonly oneofIndex?: number;
}

/** `LABEL TYPE NAME = NUMBER [OPTIONS];`, a map field or a group. */
export function parseField(state: ParseState, target: FieldTarget): void {
  const path = [...target.fieldsPath, target.fields.length];
  const start = state.current;
  const location = state.open(path);
  const field = create(FieldDescriptorProtoSchema);
  target.fields.push(field);
  prepare(state, field, target, path);
  parseLabel(state, field, target, path);
  const map = parseType(state, field, target, path);
  const name = state.identifier("a field's name");
  field.name = name.text;
  state.places.set(field, 'name', name);
  state.mark([...path, 1], name);
  state.expect('=', `and a number after the field's name`);
  parseFieldNumber(state, field, path);
  parseFieldOptions(state, field, path);
  if (field.type === FieldDescriptorProto_Type.GROUP) {
    parseGroup(state, field, target, { name, start, path });
  } else {
    state.expectEnd(';', location, 'after the field');
  }
  if (map !== undefined) addMapEntry(state, field, map, target.messages);
  state.close(location);
}

function prepare(
  state: ParseState,
  field: FieldDescriptorProto,
  target: FieldTarget,
  path: readonly number[],
): void {
  const { extendee, oneofIndex } = target;
  if (oneofIndex !== undefined) field.oneofIndex = oneofIndex;
  if (extendee === undefined) return;
  field.extendee = extendee.name;
  state.places.set(field, 'extendee', extendee.start);
  state.mark([...path, 2], extendee.start, extendee.end);
}

const labels: Readonly<Record<string, FieldDescriptorProto_Label>> = {
  optional: FieldDescriptorProto_Label.OPTIONAL,
  repeated: FieldDescriptorProto_Label.REPEATED,
  required: FieldDescriptorProto_Label.REQUIRED,
};

function parseLabel(
  state: ParseState,
  field: FieldDescriptorProto,
  target: FieldTarget,
  path: readonly number[],
): void {
  const token = state.current;
  const label = labels[token.text];
  if (label === undefined) return;
  state.take();
  if (target.oneofIndex !== undefined) {
    state.report(`a field of a oneof has no label; remove "${token.text}"`, token);
    return;
  }
  const isEditions = state.syntax === 'editions';
  if (isEditions && token.text === 'optional') {
    state.report(
      'there is no "optional" in editions, where fields have presence; remove it',
      token,
    );
  }
  if (isEditions && token.text === 'required') {
    state.report(
      'there is no "required" in editions; write [features.field_presence = LEGACY_REQUIRED]',
      token,
    );
  }
  field.label = label;
  state.places.set(field, 'label', token);
  state.mark([...path, 4], token);
  if (state.syntax === 'proto3' && token.text === 'optional') field.proto3Optional = true;
}

function parseType(
  state: ParseState,
  field: FieldDescriptorProto,
  target: FieldTarget,
  path: readonly number[],
): MapTypes | undefined {
  const start = state.current;
  const location = state.open(path);
  state.places.set(field, 'type', start);
  if (state.at('map') && state.isNext('<')) {
    const map = parseMapTypes(state, field, target.oneofIndex !== undefined);
    location.path.push(6);
    state.close(location);
    return map;
  }
  if (!Object.hasOwn(field, 'label')) {
    field.label = FieldDescriptorProto_Label.OPTIONAL;
    if (state.syntax === 'proto2' && target.oneofIndex === undefined) {
      state.report('expected "optional", "required" or "repeated" before the type in proto2');
    }
  }
  parseTypeName(state, field);
  location.path.push(Object.hasOwn(field, 'typeName') ? 6 : 5);
  state.close(location);
  return undefined;
}

function parseFieldNumber(
  state: ParseState,
  field: FieldDescriptorProto,
  path: readonly number[],
): void {
  const token = state.current;
  state.places.set(field, 'number', token);
  field.number = parseInteger(state, "a field's number");
  state.mark([...path, 3], token);
}

interface GroupStart {
  readonly name: Token;
  readonly start: Token;
  readonly path: readonly number[];
}

/** A group declares a message of its name and a field of the same in lower case. */
function parseGroup(
  state: ParseState,
  field: FieldDescriptorProto,
  target: FieldTarget,
  { name, start, path }: GroupStart,
): void {
  const messagePath = [...target.messagesPath, target.messages.length];
  const location: SourceCodeInfo_Location = state.open(messagePath, start);
  const group = create(DescriptorProtoSchema);
  group.name = name.text;
  target.messages.push(group);
  state.places.set(group, 'name', name);
  state.mark([...messagePath, 1], name, name);
  state.mark([...path, 6], name, name);
  if (!/^[A-Z]/.test(name.text)) {
    state.report(`the name of a group begins with a capital letter; rename "${name.text}"`, name);
  }
  field.typeName = name.text;
  field.name = name.text.toLowerCase();
  if (!state.at('{')) state.fail(`expected "{" after the group, not ${state.found()}`);
  target.parseBody(state, group, messagePath, location);
  state.close(location);
}
