import type { DescEnum, DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../codec/field-shape.ts';
import type { ScalarName } from '../../codec/field-table.ts';
import { wireTypeOfScalar, wireTypes } from '../../codec/wire-types.ts';
import type { CodeFile } from './code-file.ts';

const integers64: ReadonlySet<ScalarName> = new Set<ScalarName>([
  'int64',
  'uint64',
  'sint64',
  'fixed64',
  'sfixed64',
]);

/** Whether a value of this shape is a 64-bit integer. */
export function isInteger64(type: FieldShape['type']): boolean {
  return typeof type === 'string' && integers64.has(type);
}

/** The TypeScript type of one value. */
export function valueTypeCode(file: CodeFile, shape: FieldShape): string {
  const { type } = shape;
  if (typeof type !== 'string') return file.typeName(type);
  if (isInteger64(type)) return shape.jsType ?? 'bigint';
  switch (type) {
    case 'string':
      return 'string';
    case 'bool':
      return 'boolean';
    case 'bytes':
      return 'Uint8Array';
    default:
      return 'number';
  }
}

/** The TypeScript type of a whole field, or of an extension. */
export function fieldTypeCode(file: CodeFile, field: DescField | DescExtension): string {
  const shape = fieldShapeOf(field);
  const value = valueTypeCode(file, shape);
  if (shape.label === 'map') return `Record<string, ${value}>`;
  return shape.label === 'repeated' ? `${value}[]` : value;
}

/** What an absent value is without presence. For a message: undefined. */
export function zeroCode(file: CodeFile, shape: FieldShape): string {
  const { type } = shape;
  if (typeof type !== 'string')
    return type.kind === 'enum' ? enumZeroCode(file, type) : 'undefined';
  if (isInteger64(type)) {
    if (shape.jsType === undefined) return '0n';
    return shape.jsType === 'number' ? '0' : "'0'";
  }
  switch (type) {
    case 'string':
      return "''";
    case 'bool':
      return 'false';
    case 'bytes':
      return file.noBytes();
    default:
      return '0';
  }
}

/** The condition under which a field without presence is written. */
export function isSetCode(shape: FieldShape, name: string): string {
  switch (shape.type) {
    case 'string':
      return `${name} !== undefined && ${name} !== ''`;
    case 'bool':
      return `${name} === true`;
    case 'bytes':
      return `${name} !== undefined && ${name}.length > 0`;
    case 'double':
    case 'float':
      // -0 is not the default.
      return `${name} !== undefined && !Object.is(${name}, 0)`;
    default:
      break;
  }
  const zero = isInteger64(shape.type) ? integer64Zero(shape) : '0';
  return `${name} !== undefined && ${name} !== ${zero}`;
}

/** Writes one scalar or enum, without its tag. */
export function writeCode(file: CodeFile, shape: FieldShape, value: string): string {
  if (typeof shape.type !== 'string') return `writer.int32(${value});`;
  if (isInteger64(shape.type) && shape.jsType !== undefined) {
    return `writer.${shape.type}(${file.runtime('bigintOf')}(${value}));`;
  }
  return `writer.${shape.type}(${value});`;
}

/** Reads one scalar or enum, behind its tag. */
export function readCode(file: CodeFile, shape: FieldShape): string {
  if (typeof shape.type !== 'string') return 'reader.int32()';
  if (shape.type === 'string' && shape.loose) return 'reader.looseString()';
  const read = `reader.${shape.type}()`;
  if (!isInteger64(shape.type) || shape.jsType === undefined) return read;
  return shape.jsType === 'number' ? `${file.runtime('safeNumber')}(${read})` : `\`\${${read}}\``;
}

/** A property's name, as it stands in a type or an object. */
export function keyCode(name: string): string {
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name).replaceAll('"', "'");
}

/** A property of a variable. */
export function propertyCode(variable: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${variable}.${name}` : `${variable}['${name}']`;
}

/** A text as a literal. */
export function textCode(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}

export function isMessage(type: FieldShape['type']): type is DescMessage {
  return typeof type !== 'string' && type.kind === 'message';
}

export function isClosedEnum(type: FieldShape['type']): type is DescEnum {
  return typeof type !== 'string' && type.kind === 'enum' && !type.open;
}

function integer64Zero(shape: FieldShape): string {
  if (shape.jsType === undefined) return '0n';
  return shape.jsType === 'number' ? '0' : "'0'";
}

function enumZeroCode(_file: CodeFile, type: DescEnum): string {
  const number = type.values[0]?.number ?? 0;
  return number === 0 ? '0' : `${number}`;
}

/** How one value is written. */
export function wireTypeOfShape(shape: FieldShape): number {
  if (typeof shape.type === 'string') return wireTypeOfScalar(shape.type);
  if (shape.type.kind === 'enum') return wireTypes.varint;
  return shape.delimited ? wireTypes.startGroup : wireTypes.lengthDelimited;
}
