import type { DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldShapeOf } from '../../codec/field-shape.ts';
import { lowerCamelCase } from '../../codec/field-table.ts';
import type { CodeFile } from './code-file.ts';
import { textCode } from './scalar-code.ts';

/** What the JSON mapping knows of a message, between `opening` and `closing`. */
export function tableCode(
  file: CodeFile,
  desc: DescMessage,
  opening: string,
  closing: string,
): void {
  const typeName = textCode(desc.typeName);
  const table = `/* @__PURE__ */ new ${file.runtime('FieldTable')}(${typeName}, () => [`;
  if (desc.fields.length === 0) {
    file.line(`${opening}${table}])${closing}`);
    return;
  }
  file.block(
    opening + table,
    () => {
      for (const field of desc.fields) file.line(`${specCode(file, field)},`);
    },
    `])${closing}`,
  );
}

/** A FieldSpec as an object. */
export function specCode(file: CodeFile, field: DescField | DescExtension): string {
  const shape = fieldShapeOf(field);
  const { type } = shape;
  const usual = lowerCamelCase(field.name);
  const isField = field.kind === 'field';
  const parts = [
    `number: ${shape.number}`,
    `name: ${textCode(shape.name)}`,
    `label: '${shape.label}'`,
    `type: ${typeof type === 'string' ? `'${type}'` : type.kind === 'enum' ? file.enumType(type) : file.messageType(type)}`,
  ];
  if (isField && shape.jsonName !== usual) parts.push(`jsonName: ${textCode(shape.jsonName)}`);
  if (isField && field.localName !== usual) parts.push(`localName: ${textCode(field.localName)}`);
  if (shape.oneof !== undefined) parts.push(`oneof: ${textCode(shape.oneof)}`);
  if (shape.key !== undefined) parts.push(`key: '${shape.key}'`);
  if (shape.jsType !== undefined) parts.push(`jsType: '${shape.jsType}'`);
  if (shape.packed) parts.push('packed: true');
  if (shape.delimited) parts.push('delimited: true');
  if (shape.loose) parts.push('loose: true');
  return `{ ${parts.join(', ')} }`;
}
