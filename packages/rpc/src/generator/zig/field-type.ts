import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { ZigFile } from './zig-file.ts';
import { pascalCase } from './zig-names.ts';

/** How a value is called in the runtime's reader and writer, and what it is on the wire. */
export interface ValueKind {
  /** The functions of `Writer` and `Reader`; undefined for messages. */
  readonly codec: string | undefined;
  readonly wire: 'varint' | 'fixed64' | 'length' | 'fixed32';
  readonly type: string;
}

const integers = { wire: 'varint' } as const;

const scalarKinds: Readonly<Record<ScalarType, ValueKind>> = {
  [ScalarType.DOUBLE]: { codec: 'double', wire: 'fixed64', type: 'f64' },
  [ScalarType.FLOAT]: { codec: 'float', wire: 'fixed32', type: 'f32' },
  [ScalarType.INT64]: { codec: 'int64', ...integers, type: 'i64' },
  [ScalarType.UINT64]: { codec: 'uint64', ...integers, type: 'u64' },
  [ScalarType.INT32]: { codec: 'int32', ...integers, type: 'i32' },
  [ScalarType.FIXED64]: { codec: 'fixed64', wire: 'fixed64', type: 'u64' },
  [ScalarType.FIXED32]: { codec: 'fixed32', wire: 'fixed32', type: 'u32' },
  [ScalarType.BOOL]: { codec: 'bool_', ...integers, type: 'bool' },
  [ScalarType.STRING]: { codec: 'string', wire: 'length', type: '[]const u8' },
  [ScalarType.BYTES]: { codec: 'block', wire: 'length', type: '[]const u8' },
  [ScalarType.UINT32]: { codec: 'uint32', ...integers, type: 'u32' },
  [ScalarType.SFIXED32]: { codec: 'sfixed32', wire: 'fixed32', type: 'i32' },
  [ScalarType.SFIXED64]: { codec: 'sfixed64', wire: 'fixed64', type: 'i64' },
  [ScalarType.SINT32]: { codec: 'sint32', ...integers, type: 'i32' },
  [ScalarType.SINT64]: { codec: 'sint64', ...integers, type: 'i64' },
};

export function scalarKind(scalar: ScalarType): ValueKind {
  return scalarKinds[scalar];
}

/** The kind of a field's values: of a list its items, of a map its entries. */
export function valueKind(file: ZigFile, field: DescField): ValueKind {
  if (field.fieldKind === 'map') {
    const type = `${file.typeName(field.parent)}.${entryName(field)}`;
    return { codec: undefined, wire: 'length', type };
  }
  if (field.message !== undefined) {
    return { codec: undefined, wire: 'length', type: file.typeName(field.message) };
  }
  if (field.enum !== undefined) {
    return { codec: 'enum', wire: 'varint', type: file.typeName(field.enum) };
  }
  return scalarKind(field.scalar as ScalarType);
}

/** The struct of a map's entries. */
export function entryName(field: DescField): string {
  return `${pascalCase(field.name)}Entry`;
}

/** `zrpc_writer.int32(value)` and the like, of an expression. */
export function writeCall(kind: ValueKind, value: string): string {
  if (kind.codec === 'enum') return `zrpc_writer.int32(@backingInt(${value}))`;
  return `zrpc_writer.${kind.codec === 'string' ? 'block' : kind.codec}(${value})`;
}

/** An expression that reads a value from a reader. */
export function readCall(kind: ValueKind, reader: string): string {
  switch (kind.codec) {
    case 'enum':
      return `@fromBackingInt(try ${reader}.int32())`;
    case 'string':
    case 'block':
      return `try ${reader}.${kind.codec}(zrpc_arena)`;
    default:
      return `try ${reader}.${kind.codec}()`;
  }
}

/** The value that a field without presence is not written with. */
export function zeroOf(kind: ValueKind): string {
  if (kind.codec === 'enum') return '@fromBackingInt(0)';
  if (kind.type === 'bool') return 'false';
  return kind.type === '[]const u8' ? '""' : '0';
}

/** Whether a value is another than that; of floats -0 is. */
export function isNotZero(kind: ValueKind, value: string): string {
  if (kind.codec === 'enum') return `@backingInt(${value}) != 0`;
  if (kind.type === 'bool') return value;
  if (kind.type === '[]const u8') return `${value}.len > 0`;
  if (kind.type === 'f32') return `@as(u32, @bitCast(${value})) != 0`;
  if (kind.type === 'f64') return `@as(u64, @bitCast(${value})) != 0`;
  return `${value} != 0`;
}
