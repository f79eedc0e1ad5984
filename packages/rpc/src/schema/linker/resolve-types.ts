import { FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import type { Part } from '../parser/parsed-file.ts';
import { resolveName } from './resolve-name.ts';
import type { SchemaFile } from './schema-file.ts';
import {
  describeKind,
  type FieldSymbol,
  type MessageSymbol,
  type MethodSymbol,
  type SchemaSymbol,
  type SymbolTable,
} from './symbols.ts';
import { visibilityProblem } from './visibility.ts';

/**
 * Resolves the names of types in a file, and writes what they mean into its descriptor: full names
 * with a dot before them, and whether a field's type is a message or an enum.
 */
export function resolveTypes(file: SchemaFile, table: SymbolTable): void {
  const resolver = new Resolver(file, table);
  for (const message of file.messages) resolver.message(message);
  for (const extension of file.extensions) resolver.field(extension);
  for (const service of file.services) {
    for (const method of service.methods) resolver.method(method);
  }
}

class Resolver {
  readonly #file: SchemaFile;
  readonly #table: SymbolTable;

  constructor(file: SchemaFile, table: SymbolTable) {
    this.#file = file;
    this.#table = table;
  }

  message(message: MessageSymbol): void {
    for (const field of message.fields) this.field(field);
    for (const extension of message.extensions) this.field(extension);
    for (const nested of message.messages) this.message(nested);
  }

  field(field: FieldSymbol): void {
    const { proto } = field;
    if (field.isExtension) {
      const owner = this.#message(field, 'extendee', proto.extendee, field.fullName);
      if (owner !== undefined) {
        field.owner = owner;
        proto.extendee = `.${owner.fullName}`;
      }
    }
    if (!Object.hasOwn(proto, 'typeName')) return;
    const type = this.#find(field, 'type', proto.typeName, field.fullName);
    if (type === undefined) return;
    if (type.kind !== 'message' && type.kind !== 'enum') {
      this.#refuse(field, 'type', proto.typeName, type, 'neither a message nor an enum');
      return;
    }
    field.type = type;
    proto.typeName = `.${type.fullName}`;
    if (type.kind === 'enum') proto.type = FieldDescriptorProto_Type.ENUM;
    else if (proto.type !== FieldDescriptorProto_Type.GROUP) {
      proto.type = FieldDescriptorProto_Type.MESSAGE;
    }
  }

  method(method: MethodSymbol): void {
    const { proto, fullName } = method;
    const input = this.#message(method, 'input', proto.inputType, fullName);
    if (input !== undefined) proto.inputType = `.${input.fullName}`;
    const output = this.#message(method, 'output', proto.outputType, fullName);
    if (output !== undefined) proto.outputType = `.${output.fullName}`;
  }

  #message(
    of: FieldSymbol | MethodSymbol,
    part: Part,
    name: string,
    scope: string,
  ): MessageSymbol | undefined {
    const symbol = this.#find(of, part, name, scope);
    if (symbol === undefined || symbol.kind === 'message') return symbol;
    this.#refuse(of, part, name, symbol, 'not a message');
    return undefined;
  }

  #find(
    of: FieldSymbol | MethodSymbol,
    part: Part,
    name: string,
    scope: string,
  ): SchemaSymbol | undefined {
    const file = this.#file;
    const lookUp = { table: this.#table, file, visible: file.visible, typesOnly: true };
    const { symbol, reason } = resolveName(name, scope, lookUp);
    if (symbol === undefined) {
      file.report(of.proto, part, reason);
      return undefined;
    }
    if (symbol.kind === 'package') return symbol;
    file.used.add(symbol.file);
    const problem = visibilityProblem(symbol, file);
    if (problem !== undefined) file.report(of.proto, part, problem);
    return symbol;
  }

  #refuse(
    of: FieldSymbol | MethodSymbol,
    part: Part,
    name: string,
    symbol: SchemaSymbol,
    why: string,
  ): void {
    this.#file.report(
      of.proto,
      part,
      `${name} is ${describeKind(symbol)} and ${why}; name another type`,
    );
  }
}
