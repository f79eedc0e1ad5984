import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { wellKnownFile } from '../../schema/well-known-files.ts';

/** A file, as reflection sends it. */
export interface IndexedFile {
  readonly name: string;
  /** A serialized `google.protobuf.FileDescriptorProto`. */
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/** Finds files by what they define. */
export class DescriptorIndex {
  readonly #files = new Map<string, IndexedFile>();
  readonly #symbols = new Map<string, IndexedFile>();
  /** By the message that is extended, then by the field's number. */
  readonly #extensions = new Map<string, Map<number, IndexedFile>>();

  /**
   * Adds the files of a serialized `FileDescriptorSet`, and those of google/protobuf/ that they import
   * and generated code leaves out; of a file that is known the first stays.
   */
  add(descriptorSet: Uint8Array): void {
    const { file: files } = fromBinary(FileDescriptorSetSchema, descriptorSet);
    for (const file of files) this.#add(file);
    for (const { dependency } of files) this.#addWellKnown(dependency);
  }

  file(name: string): IndexedFile | undefined {
    return this.#files.get(name);
  }

  /** The file that defines a message, field, oneof, enum, enum value, service, method or extension. */
  fileOfSymbol(name: string): IndexedFile | undefined {
    return this.#symbols.get(name);
  }

  fileOfExtension(message: string, number: number): IndexedFile | undefined {
    return this.#extensions.get(message)?.get(number);
  }

  /** The numbers of the known extensions of a message, growing. */
  extensionNumbers(message: string): readonly number[] {
    const numbers = [...(this.#extensions.get(message)?.keys() ?? [])];
    return numbers.sort((left, right) => left - right);
  }

  /**
   * The file and all that it imports, at any depth, each once and after those that import it first;
   * without those in `sent`, to which these are added.
   */
  withImports(file: IndexedFile, sent: Set<string>): IndexedFile[] {
    const files: IndexedFile[] = [];
    const queue = [file];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (sent.has(next.name)) continue;
      sent.add(next.name);
      files.push(next);
      for (const name of next.imports) {
        const imported = this.#files.get(name);
        if (imported !== undefined) queue.push(imported);
      }
    }
    return files;
  }

  #add(file: FileDescriptorProto): void {
    if (this.#files.has(file.name)) return;
    const indexed: IndexedFile = {
      name: file.name,
      bytes: toBinary(FileDescriptorProtoSchema, file),
      imports: file.dependency,
    };
    this.#files.set(file.name, indexed);
    this.#index(file, indexed);
  }

  #addWellKnown(names: readonly string[]): void {
    for (const name of names) {
      const file = this.#files.has(name) ? undefined : wellKnownFile(name);
      if (file === undefined) continue;
      this.#add(file);
      this.#addWellKnown(file.dependency);
    }
  }

  #index(file: FileDescriptorProto, indexed: IndexedFile): void {
    const scope = file.package === '' ? '' : `${file.package}.`;
    for (const message of file.messageType) this.#indexMessage(message, scope, indexed);
    for (const enumeration of file.enumType) this.#indexEnum(enumeration, scope, indexed);
    for (const extension of file.extension) this.#indexExtension(extension, scope, indexed);
    for (const service of file.service) {
      const name = scope + service.name;
      this.#symbols.set(name, indexed);
      for (const method of service.method) this.#symbols.set(`${name}.${method.name}`, indexed);
    }
  }

  #indexMessage(message: DescriptorProto, scope: string, file: IndexedFile): void {
    const name = scope + message.name;
    const inner = `${name}.`;
    this.#symbols.set(name, file);
    for (const field of message.field) this.#symbols.set(inner + field.name, file);
    for (const oneof of message.oneofDecl) this.#symbols.set(inner + oneof.name, file);
    for (const nested of message.nestedType) this.#indexMessage(nested, inner, file);
    for (const enumeration of message.enumType) this.#indexEnum(enumeration, inner, file);
    for (const extension of message.extension) this.#indexExtension(extension, inner, file);
  }

  /** The values of an enum stand beside it, not within, as in C++. */
  #indexEnum(enumeration: EnumDescriptorProto, scope: string, file: IndexedFile): void {
    this.#symbols.set(scope + enumeration.name, file);
    for (const value of enumeration.value) this.#symbols.set(scope + value.name, file);
  }

  #indexExtension(extension: FieldDescriptorProto, scope: string, file: IndexedFile): void {
    this.#symbols.set(scope + extension.name, file);
    const extendee = extension.extendee.replace(/^\./, '');
    const numbers = this.#extensions.get(extendee) ?? new Map<number, IndexedFile>();
    numbers.set(extension.number, file);
    this.#extensions.set(extendee, numbers);
  }
}
