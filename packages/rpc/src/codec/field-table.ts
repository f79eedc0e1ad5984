import type { MessageType } from './message-type.ts';

/** The scalar types of protobuf, as the `.proto` spells them. */
export type ScalarName =
  | 'double'
  | 'float'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'fixed64'
  | 'fixed32'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'uint32'
  | 'sfixed32'
  | 'sfixed64'
  | 'sint32'
  | 'sint64';

/**
 * How often a field comes, and whether its absence shows:
 * `implicit` has its default when absent, `optional` is undefined, `repeated` is an array, `map` a
 * Record. `required` must be given to be written; a message that lacks it is read all the same, with
 * the field's default, or undefined for a message.
 */
export type FieldLabel = 'implicit' | 'optional' | 'required' | 'repeated' | 'map';

/** An enum of a `.proto` file. */
export interface EnumType {
  readonly kind: 'enum';
  /** `package.Enum` */
  readonly typeName: string;
  /** Numbers by the names of the `.proto`, in its order; the first is the default. */
  readonly numbers: Readonly<Record<string, number>>;
  /** The first name of each number. */
  readonly names: ReadonlyMap<number, string>;
  /** A closed enum has no other numbers: others go to the unknown fields. */
  readonly closed: boolean;
}

/** What a value is; in a list or a map, each value. */
export type ValueType = ScalarName | EnumType | MessageType;

/** A field as the generator writes it. */
export interface FieldSpec {
  readonly number: number;
  /** As in the `.proto`. */
  readonly name: string;
  readonly label: FieldLabel;
  readonly type: ValueType;
  /** Default: `name` in lowerCamelCase. */
  readonly jsonName?: string | undefined;
  /** The property of the message or the case of the oneof. Default: `name` in lowerCamelCase. */
  readonly localName?: string | undefined;
  /** The property that holds the oneof of this field. */
  readonly oneof?: string | undefined;
  /** Of a map. */
  readonly key?: ScalarName | undefined;
  /** What a 64-bit integer is in TypeScript. Default: bigint. */
  readonly jsType?: 'number' | 'string' | undefined;
  /** A list of numbers is written packed. Default false. */
  readonly packed?: boolean | undefined;
  /** A message is written as a group. Default false. */
  readonly delimited?: boolean | undefined;
  /** Bytes that are not UTF-8 are read as a string with U+FFFD. Default false. */
  readonly loose?: boolean | undefined;
}

/** A field with its defaults filled in. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly label: FieldLabel;
  readonly type: ValueType;
  readonly jsonName: string;
  readonly localName: string;
  readonly oneof: string | undefined;
  readonly key: ScalarName | undefined;
  readonly jsType: 'number' | 'string' | undefined;
  readonly packed: boolean;
  readonly delimited: boolean;
  readonly loose: boolean;
}

/**
 * What the JSON mapping, dynamic messages and extensions know of a message type. The fields are made
 * at their first use, because they refer to types that may be declared further down.
 */
export class FieldTable {
  /** `package.Message` */
  readonly typeName: string;
  readonly #specs: () => readonly FieldSpec[];
  #fields: readonly Field[] | undefined;
  #byJsonName: ReadonlyMap<string, Field> | undefined;
  #byNumber: ReadonlyMap<number, Field> | undefined;

  constructor(typeName: string, specs: () => readonly FieldSpec[]) {
    this.typeName = typeName;
    this.#specs = specs;
  }

  /** In the order of their numbers. */
  get fields(): readonly Field[] {
    this.#fields ??= this.#specs().map(fieldOf).sort(byNumber);
    return this.#fields;
  }

  /** By the name in JSON and by the name in the `.proto`: a reader takes both. */
  get byJsonName(): ReadonlyMap<string, Field> {
    if (this.#byJsonName === undefined) {
      const names = new Map<string, Field>();
      for (const field of this.fields) names.set(field.name, field);
      for (const field of this.fields) names.set(field.jsonName, field);
      this.#byJsonName = names;
    }
    return this.#byJsonName;
  }

  get byNumber(): ReadonlyMap<number, Field> {
    this.#byNumber ??= new Map(this.fields.map((field) => [field.number, field]));
    return this.#byNumber;
  }
}

/** An enum; `numbers` are the names and numbers in the order of the `.proto`. */
export function enumType(
  typeName: string,
  numbers: Readonly<Record<string, number>>,
  closed = false,
): EnumType {
  const names = new Map<number, string>();
  for (const [name, number] of Object.entries(numbers)) {
    if (!names.has(number)) names.set(number, name);
  }
  return { kind: 'enum', typeName, numbers, names, closed };
}

/**
 * `foo_bar` as `fooBar`, as protoc makes names for JSON.
 * Source: https://protobuf.com/docs/language-spec#default-json-names
 */
export function lowerCamelCase(name: string): string {
  return name.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase());
}

/** Makes a Field of what the generator wrote. */
export function fieldOf(spec: FieldSpec): Field {
  return {
    number: spec.number,
    name: spec.name,
    label: spec.label,
    type: spec.type,
    jsonName: spec.jsonName ?? lowerCamelCase(spec.name),
    localName: spec.localName ?? lowerCamelCase(spec.name),
    oneof: spec.oneof,
    key: spec.key,
    jsType: spec.jsType,
    packed: spec.packed ?? false,
    delimited: spec.delimited ?? false,
    loose: spec.loose ?? false,
  };
}

/** Tells an enum from a message. */
export function isEnumType(type: EnumType | MessageType): type is EnumType {
  return 'kind' in type;
}

function byNumber(a: Field, b: Field): number {
  return a.number - b.number;
}
