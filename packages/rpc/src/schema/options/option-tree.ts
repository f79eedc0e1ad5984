import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import { isDelimited, isPacked } from '../linker/features.ts';
import type { FieldSymbol, MessageSymbol } from '../linker/symbols.ts';

/** A value of a field. A message as the value of bytes stands for its encoding. */
export type TreeValue = bigint | number | boolean | Uint8Array | OptionTree;

interface TreeField {
  readonly field: FieldSymbol;
  readonly values: TreeValue[];
}

/** A message of options as it is put together, of a type that only descriptors tell. */
export class OptionTree {
  readonly type: MessageSymbol;
  readonly #fields = new Map<number, TreeField>();

  constructor(type: MessageSymbol) {
    this.type = type;
  }

  has(field: FieldSymbol): boolean {
    return this.#fields.has(field.proto.number);
  }

  /** The values of a field that are set. */
  values(field: FieldSymbol): readonly TreeValue[] {
    return this.#fields.get(field.proto.number)?.values ?? [];
  }

  /** Sets a field, or adds to one that is repeated. */
  add(field: FieldSymbol, value: TreeValue): void {
    const known = this.#fields.get(field.proto.number);
    if (known === undefined) this.#fields.set(field.proto.number, { field, values: [value] });
    else known.values.push(value);
  }

  /** Another member of the field's oneof that is set. */
  oneofRival(field: FieldSymbol): FieldSymbol | undefined {
    if (field.oneof === undefined) return undefined;
    for (const other of this.#fields.values()) {
      if (other.field !== field && other.field.oneof === field.oneof) return other.field;
    }
    return undefined;
  }

  get hasExtensions(): boolean {
    for (const { field } of this.#fields.values()) if (field.isExtension) return true;
    return false;
  }

  /** The encoding in the order of field numbers; extensions only if they are asked for. */
  encode(withExtensions: boolean): Uint8Array {
    const writer = new BinaryWriter();
    this.#write(writer, withExtensions);
    return writer.finish();
  }

  #write(writer: BinaryWriter, withExtensions: boolean): void {
    const fields = [...this.#fields.values()].sort(
      (left, right) => left.field.proto.number - right.field.proto.number,
    );
    for (const { field, values } of fields) {
      if (field.isExtension && !withExtensions) continue;
      if (isPacked(field)) writePacked(writer, field, values);
      else for (const value of values) this.#writeValue(writer, field, value);
    }
  }

  #writeValue(writer: BinaryWriter, field: FieldSymbol, value: TreeValue): void {
    const { number, type } = field.proto;
    if (value instanceof OptionTree && this.type.proto.options?.messageSetWireFormat) {
      writeItem(writer, number, value.encode(true));
    } else if (!(value instanceof OptionTree)) {
      writeScalar(writer.tag(number, wireTypes[type] ?? WireType.Varint), type, value);
    } else if (type === FieldDescriptorProto_Type.BYTES) {
      writer.tag(number, WireType.LengthDelimited).bytes(value.encode(true));
    } else if (isDelimited(field)) {
      writer.tag(number, WireType.StartGroup);
      value.#write(writer, true);
      writer.tag(number, WireType.EndGroup);
    } else {
      writer.tag(number, WireType.LengthDelimited).fork();
      value.#write(writer, true);
      writer.join();
    }
  }
}

/** An extension in a message set: a group of its number and its bytes. */
function writeItem(writer: BinaryWriter, number: number, bytes: Uint8Array): void {
  writer.tag(1, WireType.StartGroup);
  writer.tag(2, WireType.Varint).uint32(number);
  writer.tag(3, WireType.LengthDelimited).bytes(bytes);
  writer.tag(1, WireType.EndGroup);
}

/** Those that are no varints. */
const wireTypes: Partial<Record<FieldDescriptorProto_Type, WireType>> = {
  [FieldDescriptorProto_Type.DOUBLE]: WireType.Bit64,
  [FieldDescriptorProto_Type.FIXED64]: WireType.Bit64,
  [FieldDescriptorProto_Type.SFIXED64]: WireType.Bit64,
  [FieldDescriptorProto_Type.FLOAT]: WireType.Bit32,
  [FieldDescriptorProto_Type.FIXED32]: WireType.Bit32,
  [FieldDescriptorProto_Type.SFIXED32]: WireType.Bit32,
  [FieldDescriptorProto_Type.STRING]: WireType.LengthDelimited,
  [FieldDescriptorProto_Type.BYTES]: WireType.LengthDelimited,
};

function writePacked(
  writer: BinaryWriter,
  { proto }: FieldSymbol,
  values: readonly TreeValue[],
): void {
  writer.tag(proto.number, WireType.LengthDelimited).fork();
  for (const value of values) writeScalar(writer, proto.type, value);
  writer.join();
}

const T = FieldDescriptorProto_Type;

function writeScalar(
  writer: BinaryWriter,
  type: FieldDescriptorProto_Type,
  value: TreeValue,
): void {
  if (value instanceof Uint8Array) writer.bytes(value);
  else if (typeof value === 'boolean') writer.bool(value);
  else if (typeof value === 'number') writeFloat(writer, type, value);
  else if (typeof value === 'bigint') writeInteger(writer, type, value);
}

function writeFloat(writer: BinaryWriter, type: FieldDescriptorProto_Type, value: number): void {
  if (type === T.FLOAT) writer.float(value);
  else writer.double(value);
}

function writeInteger(writer: BinaryWriter, type: FieldDescriptorProto_Type, value: bigint): void {
  switch (type) {
    case T.INT64:
      writer.int64(value);
      break;
    case T.UINT64:
      writer.uint64(value);
      break;
    case T.SINT64:
      writer.sint64(value);
      break;
    case T.FIXED64:
      writer.fixed64(value);
      break;
    case T.SFIXED64:
      writer.sfixed64(value);
      break;
    case T.SINT32:
      writer.sint32(Number(value));
      break;
    case T.FIXED32:
      writer.fixed32(Number(value));
      break;
    case T.SFIXED32:
      writer.sfixed32(Number(value));
      break;
    case T.UINT32:
      writer.uint32(Number(value));
      break;
    default:
      writer.int32(Number(value));
  }
}
