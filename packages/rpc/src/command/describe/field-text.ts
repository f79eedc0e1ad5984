import {
  type DescExtension,
  type DescField,
  type FileRegistry,
  isFieldSet,
  ScalarType,
} from '@bufbuild/protobuf';
import {
  Edition,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { lowerCamelCase } from '../../codec/field-table.ts';
import { optionTexts } from './option-text.ts';

/** A field's declaration: `repeated shop.v1.Line lines = 4 [deprecated = true];` */
export function fieldText(field: DescField | DescExtension, registry: FileRegistry): string {
  const options = [
    ...pseudoOptions(field),
    ...optionTexts(FieldOptionsSchema, field.proto.options, registry),
  ];
  const suffix = options.length === 0 ? '' : ` [${options.join(', ')}]`;
  return `${labelOf(field)}${typeText(field)} ${field.name} = ${field.number}${suffix};`;
}

/** `int64`, `shop.v1.Order`, `map<string, int32>`. */
function typeText(field: DescField | DescExtension): string {
  if (field.fieldKind === 'map') {
    const { mapKey, message, scalar } = field;
    const value = message?.typeName ?? field.enum?.typeName ?? scalarName(scalar);
    return `map<${scalarName(mapKey)}, ${value}>`;
  }
  const { message, scalar } = field;
  const group = field.proto.type === FieldDescriptorProto_Type.GROUP ? 'group ' : '';
  return group + (message?.typeName ?? field.enum?.typeName ?? scalarName(scalar));
}

function labelOf(field: DescField | DescExtension): string {
  if (field.fieldKind === 'map') return '';
  if (field.fieldKind === 'list') return 'repeated ';
  const { label, proto3Optional } = field.proto;
  if (label === FieldDescriptorProto_Label.REQUIRED) return 'required ';
  const { edition } = field.kind === 'extension' ? field.file : field.parent.file;
  const isProto2 = edition === Edition.EDITION_PROTO2 && field.oneof === undefined;
  return proto3Optional || isProto2 ? 'optional ' : '';
}

/** What stands among the options and is none. */
function pseudoOptions({ proto, name, kind }: DescField | DescExtension): string[] {
  const texts: string[] = [];
  if (isFieldSet(proto, FieldDescriptorProtoSchema.field.defaultValue)) {
    const { type, defaultValue } = proto;
    const isText = type === FieldDescriptorProto_Type.STRING;
    // That of bytes is escaped already.
    const isBytes = type === FieldDescriptorProto_Type.BYTES;
    const text = isText
      ? JSON.stringify(defaultValue)
      : isBytes
        ? `"${defaultValue}"`
        : defaultValue;
    texts.push(`default = ${text}`);
  }
  const hasOwnJsonName = proto.jsonName !== '' && proto.jsonName !== lowerCamelCase(name);
  if (kind === 'field' && hasOwnJsonName)
    texts.push(`json_name = ${JSON.stringify(proto.jsonName)}`);
  return texts;
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? 'unknown' : ScalarType[scalar].toLowerCase();
}
