import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from './schema-file.ts';
import {
  type DeclaredSymbol,
  describeKind,
  type EnumSymbol,
  type FieldSymbol,
  joinName,
  type MessageSymbol,
  type OneofSymbol,
  type SchemaSymbol,
  type ServiceSymbol,
  type SymbolTable,
} from './symbols.ts';

/** Puts every declaration of a file into the table; a name that is taken is reported. */
export function indexFile(file: SchemaFile, table: SymbolTable): void {
  const { proto } = file;
  const indexer = new Indexer(file, table);
  indexer.package(proto.package);
  const scope = proto.package;
  for (const message of proto.messageType) file.messages.push(indexer.message(message, scope));
  for (const enumeration of proto.enumType) file.enums.push(indexer.enum(enumeration, scope));
  for (const field of proto.extension) file.extensions.push(indexer.field(field, scope, undefined));
  for (const service of proto.service) file.services.push(indexer.service(service, scope));
}

class Indexer {
  readonly #file: SchemaFile;
  readonly #table: SymbolTable;

  constructor(file: SchemaFile, table: SymbolTable) {
    this.#file = file;
    this.#table = table;
  }

  package(name: string): void {
    if (name === '') return;
    const parts = name.split('.');
    for (let length = 1; length <= parts.length; length++) {
      const fullName = parts.slice(0, length).join('.');
      const known = this.#table.get(fullName);
      if (known === undefined) {
        this.#table.set(fullName, { kind: 'package', fullName, files: new Set([this.#file]) });
      } else if (known.kind === 'package') {
        known.files.add(this.#file);
      } else {
        this.#file.report(
          this.#file.proto,
          'name',
          `package ${fullName} is also ${describe(known)}; rename one of them`,
        );
      }
    }
  }

  message(proto: DescriptorProto, scope: string, parent?: MessageSymbol): MessageSymbol {
    const fullName = joinName(scope, proto.name);
    const symbol: MessageSymbol = {
      kind: 'message',
      fullName,
      file: this.#file,
      proto,
      parent,
      fields: [],
      oneofs: [],
      messages: [],
      enums: [],
      extensions: [],
    };
    this.#add(symbol);
    // What is in the second message of a name is no problem of its own.
    const isFirst = this.#table.get(fullName) === symbol;
    const inner = isFirst ? this : new Indexer(this.#file, new Map());
    inner.#addMembers(symbol);
    return symbol;
  }

  #addMembers(symbol: MessageSymbol): void {
    const { proto, fullName } = symbol;
    for (const oneof of proto.oneofDecl) {
      symbol.oneofs.push(
        this.#added({
          kind: 'oneof',
          fullName: joinName(fullName, oneof.name),
          file: this.#file,
          proto: oneof,
          parent: symbol,
        }),
      );
    }
    for (const field of proto.field) symbol.fields.push(this.field(field, fullName, symbol));
    for (const nested of proto.nestedType) {
      symbol.messages.push(this.message(nested, fullName, symbol));
    }
    for (const nested of proto.enumType) symbol.enums.push(this.enum(nested, fullName, symbol));
    for (const field of proto.extension) {
      symbol.extensions.push(this.field(field, fullName, symbol));
    }
  }

  field(
    proto: FieldDescriptorProto,
    scope: string,
    parent: MessageSymbol | undefined,
  ): FieldSymbol {
    const isExtension = Object.hasOwn(proto, 'extendee');
    const isInOneof = Object.hasOwn(proto, 'oneofIndex');
    return this.#added({
      kind: 'field',
      fullName: joinName(scope, proto.name),
      file: this.#file,
      proto,
      isExtension,
      parent,
      oneof: isInOneof ? (parent?.oneofs[proto.oneofIndex] as OneofSymbol) : undefined,
      owner: isExtension ? undefined : parent,
      type: undefined,
    });
  }

  enum(proto: EnumDescriptorProto, scope: string, parent?: MessageSymbol): EnumSymbol {
    const symbol: EnumSymbol = {
      kind: 'enum',
      fullName: joinName(scope, proto.name),
      file: this.#file,
      proto,
      parent,
      values: [],
    };
    this.#add(symbol);
    for (const value of proto.value) {
      symbol.values.push(
        // The values of an enum are its siblings, as in C++.
        this.#added({
          kind: 'enum value',
          fullName: joinName(scope, value.name),
          file: this.#file,
          proto: value,
          parent: symbol,
        }),
      );
    }
    return symbol;
  }

  service(proto: ServiceDescriptorProto, scope: string): ServiceSymbol {
    const fullName = joinName(scope, proto.name);
    const symbol: ServiceSymbol = {
      kind: 'service',
      fullName,
      file: this.#file,
      proto,
      methods: [],
    };
    this.#add(symbol);
    for (const method of proto.method) {
      symbol.methods.push(
        this.#added({
          kind: 'method',
          fullName: joinName(fullName, method.name),
          file: this.#file,
          proto: method,
          parent: symbol,
        }),
      );
    }
    return symbol;
  }

  #added<S extends DeclaredSymbol>(symbol: S): S {
    this.#add(symbol);
    return symbol;
  }

  #add(symbol: DeclaredSymbol): void {
    const known = this.#table.get(symbol.fullName);
    if (known === undefined) {
      this.#table.set(symbol.fullName, symbol);
      return;
    }
    const hint =
      symbol.kind === 'enum value' || known.kind === 'enum value'
        ? ', as the values of an enum stand beside it and not within it'
        : '';
    const message = `${symbol.fullName} is declared already, as ${describe(known)}${hint}; rename one of them`;
    this.#file.report(symbol.proto, 'name', message);
  }
}

function describe(symbol: SchemaSymbol): string {
  if (symbol.kind === 'package') return 'a package';
  return `${describeKind(symbol)} in ${symbol.file.proto.name}`;
}
