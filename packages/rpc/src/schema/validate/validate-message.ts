import { Edition, FeatureSet_JsonFormat } from '@bufbuild/protobuf/wkt';
import { featuresOf } from '../linker/features.ts';
import { jsonNameOf } from '../linker/json-names.ts';
import type { FieldSymbol, MessageSymbol } from '../linker/symbols.ts';
import { validateDeclarations } from './validate-declarations.ts';
import { checkName } from './validate-names.ts';
import { validateNumbers } from './validate-numbers.ts';
import { validateReservedNames } from './validate-reserved-names.ts';

/** Reports what is wrong with a message, apart from each of its fields. */
export function validateMessage(message: MessageSymbol): void {
  const { proto, file, oneofs } = message;
  if (proto.options?.mapEntry === true) {
    validateMapEntry(message);
    return;
  }
  checkName(message, proto, { what: 'message', style: 'title', name: proto.name });
  const used = new Set(message.fields.map((field) => field.oneof));
  for (const oneof of oneofs) {
    checkName(oneof, oneof.proto, { what: 'oneof', style: 'lower-snake', name: oneof.proto.name });
    if (!used.has(oneof)) {
      file.report(oneof.proto, 'name', `oneof ${oneof.proto.name} has no field; add one`);
    }
  }
  validateSyntax(message);
  validateNumbers(message);
  validateReservedNames(file, proto, message.fields);
  validateJsonNames(message);
  validateDeclarations(message);
}

/** The message that a map makes; it cannot be written. */
function validateMapEntry({ proto, file }: MessageSymbol): void {
  const statement = file.options(proto).find(({ name }) => name[0]?.text === 'map_entry');
  if (statement === undefined) return;
  file.source?.report(statement, 'map_entry is set by map fields only; write map<KEY, VALUE>');
}

function validateSyntax({ proto, file }: MessageSymbol): void {
  if (file.edition !== Edition.EDITION_PROTO3) return;
  const range = proto.extensionRange[0];
  if (range !== undefined) {
    file.report(range, 'number', 'proto3 has no ranges of extensions; use google.protobuf.Any');
  }
  if (proto.options?.messageSetWireFormat === true) {
    file.report(proto, 'name', 'proto3 has no message sets; remove message_set_wire_format');
  }
}

/** Fields differ in JSON, with the names that json_name gives and without. */
function validateJsonNames(message: MessageSymbol): void {
  if (message.proto.options?.deprecatedLegacyJsonFieldConflicts === true) return;
  const byDefault = new Map<string, FieldSymbol>();
  const byCustom = new Map<string, FieldSymbol>();
  for (const field of message.fields) {
    const { jsonName, name } = field.proto;
    const isCustom = jsonName !== jsonNameOf(name);
    if (isCustom && jsonName.startsWith('[') && jsonName.endsWith(']')) {
      const place = 'a json_name in brackets is for extensions; remove the brackets';
      message.file.report(field.proto, 'json-name', place);
      continue;
    }
    const other = byDefault.get(jsonNameOf(name));
    if (other !== undefined) reportJsonName(message, field, other, jsonNameOf(name), false);
    else byDefault.set(jsonNameOf(name), field);
    const custom = byCustom.get(jsonName);
    if (custom === undefined) byCustom.set(jsonName, field);
    else if (custom !== other) {
      const isOtherCustom = custom.proto.jsonName !== jsonNameOf(custom.proto.name);
      reportJsonName(message, field, custom, jsonName, isCustom && isOtherCustom);
    }
  }
}

function reportJsonName(
  message: MessageSymbol,
  field: FieldSymbol,
  other: FieldSymbol,
  jsonName: string,
  areCustom: boolean,
): void {
  const { file } = message;
  // Two fields of one name are told already.
  if (field.proto.name === other.proto.name) return;
  const text = `${field.proto.name} and ${other.proto.name} are both "${jsonName}" in JSON; rename one`;
  const isLenient = featuresOf(message).jsonFormat === FeatureSet_JsonFormat.LEGACY_BEST_EFFORT;
  if (isLenient && !areCustom) file.source?.warn(file.place(field.proto, 'name'), text);
  else file.report(field.proto, 'name', text);
}
