import type { DescEnum, DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';
import type { FieldLabel, FieldSpec, ScalarName } from './field-table.ts';

/** What a descriptor says of a field, with descriptors for the types it refers to. */
export interface FieldShape extends Omit<FieldSpec, 'type'> {
  readonly type: ScalarName | DescEnum | DescMessage;
  readonly jsonName: string;
}

/** The numbers of `google.protobuf.FeatureSet.FieldPresence`. */
const implicitPresence = 2;
const requiredPresence = 3;
/** The numbers of `google.protobuf.FieldOptions.JSType`. */
const jsTypes = { 1: 'string', 2: 'number' } as const;

/** The names of `google.protobuf.FieldDescriptorProto.Type`. */
const scalarNames: Readonly<Record<number, ScalarName>> = {
  1: 'double',
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
  15: 'sfixed32',
  16: 'sfixed64',
  17: 'sint32',
  18: 'sint64',
};

/** Reads a descriptor of protobuf-es, whose features of editions are resolved. */
export function fieldShapeOf(field: DescField | DescExtension): FieldShape {
  return {
    number: field.number,
    name: field.name,
    label: labelOf(field),
    type: typeOf(field),
    jsonName: field.jsonName,
    localName: field.kind === 'field' ? field.localName : undefined,
    oneof: field.oneof?.localName,
    key: field.fieldKind === 'map' ? scalarNames[field.mapKey] : undefined,
    jsType: jsTypeOf(field),
    packed: field.fieldKind === 'list' && field.packed ? true : undefined,
    delimited: isDelimited(field) ? true : undefined,
    loose: !field.utf8Validation && hasText(field) ? true : undefined,
  };
}

function labelOf(field: DescField | DescExtension): FieldLabel {
  if (field.fieldKind === 'map') return 'map';
  if (field.fieldKind === 'list') return 'repeated';
  if (field.oneof !== undefined) return 'optional';
  if (field.presence === implicitPresence) return 'implicit';
  return field.presence === requiredPresence ? 'required' : 'optional';
}

function typeOf(field: DescField | DescExtension): ScalarName | DescEnum | DescMessage {
  return field.enum ?? field.message ?? (scalarNames[field.scalar] as ScalarName);
}

function jsTypeOf(field: DescField | DescExtension): 'number' | 'string' | undefined {
  const jsType = field.proto.options?.jstype;
  return jsType === 1 || jsType === 2 ? jsTypes[jsType] : undefined;
}

function isDelimited(field: DescField | DescExtension): boolean {
  return field.message !== undefined && field.delimitedEncoding;
}

function hasText(field: DescField | DescExtension): boolean {
  if (field.fieldKind === 'map' && scalarNames[field.mapKey] === 'string') return true;
  return field.scalar !== undefined && scalarNames[field.scalar] === 'string';
}
