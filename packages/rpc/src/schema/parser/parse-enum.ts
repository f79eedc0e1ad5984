import { create } from '@bufbuild/protobuf';
import {
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  type SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import { parseSignedInteger } from './parse-number.ts';
import { parseOptionList, parseOptionStatement } from './parse-option.ts';
import { parseEnumReserved } from './parse-ranges.ts';
import type { ParseState } from './parse-state.ts';

/** `enum NAME { … }` */
export function parseEnum(
  state: ParseState,
  enums: EnumDescriptorProto[],
  parentPath: readonly number[],
  visibility: SymbolVisibility | undefined,
): void {
  const path = [...parentPath, enums.length];
  const location = state.open(path);
  const enumeration = create(EnumDescriptorProtoSchema);
  enums.push(enumeration);
  state.take();
  const name = state.identifier("an enum's name");
  enumeration.name = name.text;
  if (visibility !== undefined) enumeration.visibility = visibility;
  state.places.set(enumeration, 'name', name);
  state.mark([...path, 1], name);
  state.expectEnd('{', location, "after the enum's name");
  state.block(`enum ${enumeration.name}`, () => parseStatement(state, enumeration, path));
  state.close(location);
}

function parseStatement(
  state: ParseState,
  enumeration: EnumDescriptorProto,
  path: readonly number[],
): void {
  if (state.at('option') && !state.isNext('=')) {
    parseOptionStatement(state, enumeration, [...path, 3]);
  } else if (state.at('reserved') && !state.isNext('=')) {
    parseEnumReserved(state, enumeration, path);
  } else {
    parseValue(state, enumeration, [...path, 2, enumeration.value.length]);
  }
}

function parseValue(
  state: ParseState,
  enumeration: EnumDescriptorProto,
  path: readonly number[],
): void {
  const location = state.open(path);
  const value = create(EnumValueDescriptorProtoSchema);
  enumeration.value.push(value);
  const name = state.identifier("an enum value's name");
  value.name = name.text;
  state.places.set(value, 'name', name);
  state.mark([...path, 1], name);
  state.expect('=', "and a number after the value's name");
  const number = state.current;
  state.places.set(value, 'number', number);
  value.number = parseSignedInteger(state, "an enum value's number");
  state.mark([...path, 2], number);
  parseOptionList(state, value, [...path, 3]);
  state.expectEnd(';', location, 'after the value');
  state.close(location);
}
