import type {
  DescriptorProto,
  EnumDescriptorProto,
  EnumValueDescriptorProto,
  FieldDescriptorProto,
  MethodDescriptorProto,
  OneofDescriptorProto,
  ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from './schema-file.ts';

interface Declared<Kind extends string, Proto> {
  readonly kind: Kind;
  readonly fullName: string;
  readonly file: SchemaFile;
  readonly proto: Proto;
}

/** A package, or one of the names that the name of a package begins with. */
interface PackageSymbol {
  readonly kind: 'package';
  readonly fullName: string;
  /** The files that are of this package or of one within it. */
  readonly files: Set<SchemaFile>;
}

export interface MessageSymbol extends Declared<'message', DescriptorProto> {
  readonly parent: MessageSymbol | undefined;
  readonly fields: FieldSymbol[];
  readonly oneofs: OneofSymbol[];
  readonly messages: MessageSymbol[];
  readonly enums: EnumSymbol[];
  /** Those declared within it, of any message. */
  readonly extensions: FieldSymbol[];
}

/** A field, or an extension where `isExtension`. */
export interface FieldSymbol extends Declared<'field', FieldDescriptorProto> {
  readonly isExtension: boolean;
  /** The message it is declared in; an extension may be declared outside of any. */
  readonly parent: MessageSymbol | undefined;
  readonly oneof: OneofSymbol | undefined;
  /** The message it is a field of. Of an extension unknown until it is resolved. */
  owner: MessageSymbol | undefined;
  /** Its message or enum, once it is resolved. */
  type: MessageSymbol | EnumSymbol | undefined;
}

export interface OneofSymbol extends Declared<'oneof', OneofDescriptorProto> {
  readonly parent: MessageSymbol;
}

export interface EnumSymbol extends Declared<'enum', EnumDescriptorProto> {
  readonly parent: MessageSymbol | undefined;
  readonly values: EnumValueSymbol[];
}

export interface EnumValueSymbol extends Declared<'enum value', EnumValueDescriptorProto> {
  readonly parent: EnumSymbol;
}

export interface ServiceSymbol extends Declared<'service', ServiceDescriptorProto> {
  readonly methods: MethodSymbol[];
}

export interface MethodSymbol extends Declared<'method', MethodDescriptorProto> {
  readonly parent: ServiceSymbol;
}

export type DeclaredSymbol =
  | MessageSymbol
  | FieldSymbol
  | OneofSymbol
  | EnumSymbol
  | EnumValueSymbol
  | ServiceSymbol
  | MethodSymbol;

export type SchemaSymbol = PackageSymbol | DeclaredSymbol;

/** Every symbol of the files that are linked together, by full name. */
export type SymbolTable = Map<string, SchemaSymbol>;

/** The extensions of the files that are linked together, by their message's name and number. */
export type ExtensionTable = Map<string, FieldSymbol>;

/** Whether other symbols may be declared in it, so that a dotted name can lead through it. */
export function isScope(symbol: SchemaSymbol): boolean {
  const { kind } = symbol;
  return kind === 'package' || kind === 'message' || kind === 'enum' || kind === 'service';
}

/** Whether a field can be of it. */
export function isType(symbol: SchemaSymbol): symbol is MessageSymbol | EnumSymbol {
  return symbol.kind === 'message' || symbol.kind === 'enum';
}

/** The kind of a symbol as a problem names it: `an enum value`. */
export function describeKind({ kind }: SchemaSymbol): string {
  return kind.startsWith('enum') ? `an ${kind}` : `a ${kind}`;
}

/** `a.b` and `c` make `a.b.c`; nothing and `c` make `c`. */
export function joinName(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}

/** The field of a message with this name as the `.proto` spells it. */
export function findField(message: MessageSymbol, name: string): FieldSymbol | undefined {
  return byName(message.fields).get(name);
}

/** The value of an enum with this name. */
export function findEnumValue(enumeration: EnumSymbol, name: string): EnumValueSymbol | undefined {
  return byName(enumeration.values).get(name);
}

const nameIndexes = new WeakMap<object, ReadonlyMap<string, unknown>>();

function byName<S extends DeclaredSymbol>(symbols: readonly S[]): ReadonlyMap<string, S> {
  let index = nameIndexes.get(symbols) as ReadonlyMap<string, S> | undefined;
  if (index === undefined) {
    index = new Map(symbols.map((symbol) => [symbol.proto.name, symbol]));
    nameIndexes.set(symbols, index);
  }
  return index;
}
