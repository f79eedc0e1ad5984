import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { lowerCamelCase } from '../../codec/field-table.ts';

/**
 * Writes out what descriptors may leave to their reader, as those do that servers make with
 * protobufjs, C++ and Python: names of types in full (`.package.Message`), the kinds of fields that
 * follow from their types, the names of fields in JSON, and imports of files that are used. Names
 * that no file declares stay as they are.
 *
 * Source: google/protobuf/descriptor.proto, FieldDescriptorProto.type, .type_name and .json_name.
 */
export function completeDescriptors(files: Iterable<FileDescriptorProto>): void {
  const all = [...files];
  const declared: Declared = new Map();
  for (const file of all) {
    noteEnums(declared, file, file.enumType, file.package);
    for (const message of file.messageType) noteMessage(declared, file, message, file.package);
  }
  for (const file of all) new Completer(declared, file).complete();
}

type Declared = Map<
  string,
  { readonly file: FileDescriptorProto; readonly type: FieldDescriptorProto_Type }
>;

function noteMessage(
  declared: Declared,
  file: FileDescriptorProto,
  message: DescriptorProto,
  scope: string,
): void {
  const name = within(scope, message.name);
  declared.set(name, { file, type: FieldDescriptorProto_Type.MESSAGE });
  noteEnums(declared, file, message.enumType, name);
  for (const nested of message.nestedType) noteMessage(declared, file, nested, name);
}

function noteEnums(
  declared: Declared,
  file: FileDescriptorProto,
  enums: readonly EnumDescriptorProto[],
  scope: string,
): void {
  for (const { name } of enums) {
    declared.set(within(scope, name), { file, type: FieldDescriptorProto_Type.ENUM });
  }
}

class Completer {
  readonly #declared: Declared;
  readonly #file: FileDescriptorProto;

  constructor(declared: Declared, file: FileDescriptorProto) {
    this.#declared = declared;
    this.#file = file;
  }

  complete(): void {
    const { package: scope, messageType, extension, service } = this.#file;
    for (const message of messageType) this.#message(message, scope);
    for (const field of extension) this.#field(field, scope);
    for (const { method: methods } of service) {
      for (const method of methods) {
        method.inputType = this.#resolved(method.inputType, scope);
        method.outputType = this.#resolved(method.outputType, scope);
      }
    }
  }

  #message(message: DescriptorProto, around: string): void {
    const scope = within(around, message.name);
    for (const field of message.field) {
      this.#field(field, scope);
      if (field.jsonName === '') field.jsonName = lowerCamelCase(field.name);
    }
    for (const field of message.extension) this.#field(field, scope);
    for (const nested of message.nestedType) this.#message(nested, scope);
  }

  #field(field: FieldDescriptorProto, scope: string): void {
    if (field.extendee !== '') field.extendee = this.#resolved(field.extendee, scope);
    if (field.typeName === '') return;
    field.typeName = this.#resolved(field.typeName, scope);
    // 0 is what a field has whose kind was left out.
    if ((field.type as number) !== 0) return;
    const found = this.#declared.get(field.typeName.slice(1));
    field.type = found?.type ?? FieldDescriptorProto_Type.MESSAGE;
  }

  /** The full name; its file is imported. */
  #resolved(name: string, scope: string): string {
    const full = name.startsWith('.') ? name.slice(1) : this.#fullName(name, scope);
    const found = full === undefined ? undefined : this.#declared.get(full);
    if (found === undefined) return name;
    const { dependency } = this.#file;
    const isKnown = found.file === this.#file || dependency.includes(found.file.name);
    if (!isKnown) dependency.push(found.file.name);
    return `.${full}`;
  }

  /** The innermost scope that has the name counts, as in C++. */
  #fullName(name: string, scope: string): string | undefined {
    for (let at = scope; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      if (this.#declared.has(`${at}.${name}`)) return `${at}.${name}`;
    }
    return this.#declared.has(name) ? name : undefined;
  }
}

function within(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
