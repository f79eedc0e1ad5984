import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  MessageOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { Token } from '../tokenizer.ts';
import type { ParseState } from './parse-state.ts';
import { parseTypeName } from './parse-type.ts';
import type { OptionStatement } from './parsed-file.ts';

/** The two fields of a map's entry. */
export interface MapTypes {
  readonly key: FieldDescriptorProto;
  readonly value: FieldDescriptorProto;
}

/** `map<KEY, VALUE>` */
export function parseMapTypes(
  state: ParseState,
  field: FieldDescriptorProto,
  isInOneof: boolean,
): MapTypes {
  const start = state.take();
  if (isInOneof) state.report('a map cannot be in a oneof; put it into a message', start);
  if (Object.hasOwn(field, 'label')) {
    state.report('a map has no label; remove it, a map is repeated by itself', start);
  }
  if (field.extendee !== '') {
    state.report('an extension cannot be a map; make it a repeated message', start);
  }
  field.label = FieldDescriptorProto_Label.REPEATED;
  state.expect('<', 'after "map"');
  const key = parseEntryField(state, 'key', 1);
  state.expect(',', "after the map's key");
  const value = parseEntryField(state, 'value', 2);
  state.expect('>', "after the map's value");
  return { key, value };
}

function parseEntryField(state: ParseState, name: string, number: number): FieldDescriptorProto {
  const start: Token = state.current;
  const field = create(FieldDescriptorProtoSchema);
  field.name = name;
  field.number = number;
  field.label = FieldDescriptorProto_Label.OPTIONAL;
  parseTypeName(state, field);
  state.places.set(field, 'name', start);
  if (field.type === FieldDescriptorProto_Type.GROUP) {
    state.fail('a map has no groups; name a message', start);
  }
  return field;
}

/** Declares the message that a map's entries are. */
export function addMapEntry(
  state: ParseState,
  field: FieldDescriptorProto,
  { key, value }: MapTypes,
  messages: DescriptorProto[],
): void {
  const entry = create(DescriptorProtoSchema);
  entry.name = mapEntryName(field.name);
  entry.options = create(MessageOptionsSchema, { mapEntry: true });
  entry.field = [key, value];
  field.typeName = entry.name;
  messages.push(entry);
  const name = state.places.get(field, 'name');
  if (name !== undefined) state.places.set(entry, 'name', name);
  // Features of the field are those of its key and value, too.
  const features = state.options.get(field)?.filter(isFeature).map(withoutLocation) ?? [];
  if (features.length === 0) return;
  state.options.set(key, features);
  state.options.set(value, features);
}

/** `foo_bar` has entries of the type `FooBarEntry`. */
function mapEntryName(fieldName: string): string {
  const words = fieldName.replace(/(?:^|_+)([^_]?)/g, (_, letter: string) => letter.toUpperCase());
  return `${words}Entry`;
}

function isFeature({ name }: OptionStatement): boolean {
  return name[0]?.isExtension === false && name[0].text === 'features';
}

function withoutLocation(statement: OptionStatement): OptionStatement {
  return { ...statement, location: undefined };
}
