import {
  Edition,
  FieldOptions_JSType,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { isPackable } from '../linker/features.ts';
import { isEditions } from '../linker/schema-file.ts';
import type { FieldSymbol } from '../linker/symbols.ts';
import { findEnumValue } from '../linker/symbols.ts';
import { maxInt32 } from '../parser/parse-number.ts';
import { maxFieldNumber } from '../parser/parse-ranges.ts';
import type { Part } from '../parser/parsed-file.ts';
import { isOpen } from './validate-enum.ts';
import { validateExtension } from './validate-extension.ts';
import { validateFieldFeatures } from './validate-field-features.ts';
import { checkName } from './validate-names.ts';

/** Reports what is wrong with a field or an extension. */
export function validateField(field: FieldSymbol): void {
  checkName(field, field.proto, { what: 'field', style: 'lower-snake', name: field.proto.name });
  validateNumber(field);
  validateDefault(field);
  validateType(field);
  validateFieldOptions(field);
  if (field.isExtension) validateExtension(field);
  if (field.file.edition === Edition.EDITION_PROTO3) validateProto3(field);
  if (isEditions(field.file)) validateFieldFeatures(field);
}

function report({ file, proto }: FieldSymbol, part: Part, message: string): void {
  file.report(proto, part, message);
}

function validateNumber(field: FieldSymbol): void {
  const { number } = field.proto;
  const isOfSet = field.owner?.proto.options?.messageSetWireFormat === true;
  const isInSet = isOfSet && field.isExtension;
  if (isOfSet && !isInSet) {
    report(field, 'name', 'a message set has extensions only; move the field elsewhere');
  }
  const max = isInSet ? maxInt32 - 1 : maxFieldNumber;
  if (number < 1) report(field, 'number', 'numbers of fields begin at 1; write another');
  else if (number > max) {
    report(field, 'number', `the largest number of a field is ${max}; write another`);
  } else if (number >= 19_000 && number <= 19_999) {
    report(field, 'number', '19000 to 19999 are for protobuf itself; write another number');
  }
}

function validateDefault(field: FieldSymbol): void {
  const { proto, type } = field;
  if (!Object.hasOwn(proto, 'defaultValue')) return;
  if (proto.label === Label.REPEATED) {
    report(field, 'default', 'a repeated field has no default; remove it');
  } else if (type?.kind === 'message') {
    report(field, 'default', 'a message has no default; remove it');
  } else if (type?.kind === 'enum' && findEnumValue(type, proto.defaultValue) === undefined) {
    report(
      field,
      'default',
      `${type.fullName} has no value ${proto.defaultValue}; write one it has`,
    );
  }
}

function validateType(field: FieldSymbol): void {
  const { proto, type, owner, file } = field;
  if (type?.kind === 'message' && type.proto.options?.mapEntry === true) {
    const isOwn =
      proto.label === Label.REPEATED &&
      type.parent === owner &&
      file.place(type.proto, 'name') === file.place(proto, 'name');
    if (!isOwn) {
      report(field, 'type', `${type.fullName} is of a map; write a message of your own`);
    }
  }
  if (owner?.proto.options?.mapEntry !== true) return;
  if (proto.number === 1 && !isKey(proto.type)) {
    report(field, 'type', 'the key of a map is an integer, a bool or a string; write one of them');
  }
  if (proto.number === 2 && type?.kind === 'enum' && type.values[0]?.proto.number !== 0) {
    report(
      field,
      'type',
      `the first value of ${type.fullName} is not 0, as a map's must be; name another enum`,
    );
  }
}

function isKey(type: Type): boolean {
  const isFloat = type === Type.FLOAT || type === Type.DOUBLE;
  return type === Type.STRING || (isPackable(type) && !isFloat && type !== Type.ENUM);
}

function validateFieldOptions(field: FieldSymbol): void {
  const { proto, file, isExtension } = field;
  const { options, type, label } = proto;
  if (isExtension && file.place(proto, 'json-name') !== file.place(proto, 'name')) {
    report(field, 'json-name', 'an extension has no json_name; remove it');
  }
  if (proto.jsonName.includes('\0')) {
    report(field, 'json-name', 'json_name holds a null character; remove it');
  }
  if (options === undefined) return;
  if ((options.lazy || options.unverifiedLazy) && type !== Type.MESSAGE) {
    report(field, 'type', 'lazy is for messages; remove it');
  }
  if (options.packed && !(label === Label.REPEATED && isPackable(type))) {
    report(field, 'type', 'packed is for repeated numbers, bools and enums; remove it');
  }
  if (options.jstype !== FieldOptions_JSType.JS_NORMAL && !is64Bit(type)) {
    report(field, 'type', 'jstype is for 64-bit integers; remove it');
  }
  if (Object.hasOwn(options, 'ctype') && file.edition >= Edition.EDITION_2024) {
    report(field, 'name', 'ctype is gone since edition 2024; write features.(pb.cpp).string_type');
  }
}

function is64Bit(type: Type): boolean {
  return (
    type === Type.INT64 ||
    type === Type.UINT64 ||
    type === Type.SINT64 ||
    type === Type.FIXED64 ||
    type === Type.SFIXED64
  );
}

function validateProto3(field: FieldSymbol): void {
  const { proto, type } = field;
  if (proto.label === Label.REQUIRED) {
    report(field, 'label', 'proto3 has no required fields; remove "required"');
  }
  if (Object.hasOwn(proto, 'defaultValue')) {
    report(field, 'default', 'proto3 has no defaults; remove it');
  }
  if (proto.type === Type.GROUP) {
    report(field, 'type', 'proto3 has no groups; declare a message');
  }
  if (type?.kind === 'enum' && !isOpen(type)) {
    report(
      field,
      'type',
      `${type.fullName} is a closed enum, which proto3 does not take; name an open one`,
    );
  }
}
