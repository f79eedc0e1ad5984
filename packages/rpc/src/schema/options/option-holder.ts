import type { DescMessage } from '@bufbuild/protobuf';
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
  FieldOptions_OptionTargetType as Target,
} from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from '../linker/schema-file.ts';
import {
  type EnumSymbol,
  type FieldSymbol,
  joinName,
  type MessageSymbol,
  type ServiceSymbol,
} from '../linker/symbols.ts';

/** A kind of declaration that has options. */
interface OptionKind {
  readonly schema: DescMessage;
  readonly target: Target;
  /** How a problem calls it. */
  readonly name: string;
}

const kinds = {
  file: { schema: FileOptionsSchema, target: Target.TARGET_TYPE_FILE, name: 'a file' },
  message: { schema: MessageOptionsSchema, target: Target.TARGET_TYPE_MESSAGE, name: 'a message' },
  field: { schema: FieldOptionsSchema, target: Target.TARGET_TYPE_FIELD, name: 'a field' },
  oneof: { schema: OneofOptionsSchema, target: Target.TARGET_TYPE_ONEOF, name: 'a oneof' },
  range: {
    schema: ExtensionRangeOptionsSchema,
    target: Target.TARGET_TYPE_EXTENSION_RANGE,
    name: 'a range of extensions',
  },
  enum: { schema: EnumOptionsSchema, target: Target.TARGET_TYPE_ENUM, name: 'an enum' },
  value: {
    schema: EnumValueOptionsSchema,
    target: Target.TARGET_TYPE_ENUM_ENTRY,
    name: 'an enum value',
  },
  service: { schema: ServiceOptionsSchema, target: Target.TARGET_TYPE_SERVICE, name: 'a service' },
  method: { schema: MethodOptionsSchema, target: Target.TARGET_TYPE_METHOD, name: 'a method' },
} as const satisfies Record<string, OptionKind>;

/** A declaration of a file with the statements of its options. */
export interface OptionHolder {
  readonly kind: OptionKind;
  /** The descriptor, whose `options` are of the kind's schema. */
  readonly proto: object;
  /** The full name that extensions are looked up from. */
  readonly scope: string;
}

/** The declarations of a file that have options. */
export function optionHolders(file: SchemaFile): OptionHolder[] {
  const holders: OptionHolder[] = [];
  const add = (kind: OptionKind, proto: object, scope: string): void => {
    if (file.options(proto).length > 0) holders.push({ kind, proto, scope });
  };
  add(kinds.file, file.proto, joinName(file.proto.package, 'file'));
  for (const message of file.messages) addMessage(message, add);
  for (const enumeration of file.enums) addEnum(enumeration, add);
  for (const field of file.extensions) add(kinds.field, field.proto, field.fullName);
  for (const service of file.services) addService(service, add);
  return holders;
}

type Add = (kind: OptionKind, proto: object, scope: string) => void;

function addMessage(message: MessageSymbol, add: Add): void {
  add(kinds.message, message.proto, message.fullName);
  for (const field of message.fields) addField(field, add);
  for (const oneof of message.oneofs) add(kinds.oneof, oneof.proto, oneof.fullName);
  for (const range of message.proto.extensionRange) add(kinds.range, range, message.fullName);
  for (const nested of message.messages) addMessage(nested, add);
  for (const nested of message.enums) addEnum(nested, add);
  for (const field of message.extensions) addField(field, add);
}

function addField(field: FieldSymbol, add: Add): void {
  add(kinds.field, field.proto, field.fullName);
}

function addEnum(enumeration: EnumSymbol, add: Add): void {
  add(kinds.enum, enumeration.proto, enumeration.fullName);
  for (const value of enumeration.values) add(kinds.value, value.proto, value.fullName);
}

function addService(service: ServiceSymbol, add: Add): void {
  add(kinds.service, service.proto, service.fullName);
  for (const method of service.methods) add(kinds.method, method.proto, method.fullName);
}
