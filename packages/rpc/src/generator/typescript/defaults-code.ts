import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../codec/field-shape.ts';
import type { CodeFile } from './code-file.ts';
import { isInteger64, keyCode, textCode, valueTypeCode, zeroCode } from './scalar-code.ts';

/** What a field of a new message has. */
export function defaultCode(file: CodeFile, field: DescField): string {
  const shape = fieldShapeOf(field);
  switch (shape.label) {
    case 'repeated':
      return '[]';
    case 'map':
      return '{}';
    case 'optional':
      return 'undefined';
    default:
      return explicitDefault(field, shape) ?? zeroCode(file, shape);
  }
}

/** Whether a field says what it is when it is absent. */
export function hasDefaults(desc: DescMessage): boolean {
  return desc.fields.some((field) => explicitDefault(field, fieldShapeOf(field)) !== undefined);
}

/** The values that fields of the message mean when they are undefined. */
export function defaultsCode(file: CodeFile, desc: DescMessage): void {
  const values = desc.fields.flatMap((field) => {
    const shape = fieldShapeOf(field);
    const value = explicitDefault(field, shape);
    if (value === undefined) return [];
    return [{ key: keyCode(field.localName), value, type: valueTypeCode(file, shape) }];
  });
  file.line();
  file.line(`/** What fields of ${file.names.of(desc)} mean when they are undefined. */`);
  file.block(
    `export const ${file.names.defaultsOf(desc)}: {`,
    () => {
      for (const { key, type } of values) file.line(`readonly ${key}: ${type};`);
    },
    '} = {',
  );
  file.indented(() => {
    for (const { key, value } of values) file.line(`${key}: ${value},`);
  });
  file.line('};');
}

function explicitDefault(field: DescField, shape: FieldShape): string | undefined {
  if (field.fieldKind === 'enum') {
    const number = field.getDefaultValue();
    return number === undefined ? undefined : `${number}`;
  }
  if (field.fieldKind !== 'scalar') return undefined;
  const value = field.getDefaultValue();
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'bigint':
      return integer64Code(value, shape);
    case 'number':
      return Object.is(value, -0) ? '-0' : `${value}`;
    case 'boolean':
      return `${value}`;
    case 'string':
      return isInteger64(shape.type) ? integer64Code(BigInt(value), shape) : textCode(value);
    default:
      return `new Uint8Array([${[...value].join(', ')}])`;
  }
}

function integer64Code(value: bigint, shape: FieldShape): string {
  if (shape.jsType === undefined) return `${value}n`;
  return shape.jsType === 'number' ? `${value}` : `'${value}'`;
}
