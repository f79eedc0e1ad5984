import type { DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';
import { FileOptions_OptimizeMode } from '@bufbuild/protobuf/wkt';
import { fieldShapeOf } from '../../codec/field-shape.ts';
import type { CodeFile } from './code-file.ts';
import { docComment } from './comments.ts';
import { createCode, newCode } from './create-code.ts';
import { decodeCode } from './decode-code.ts';
import { defaultsCode, hasDefaults } from './defaults-code.ts';
import { encodeCode } from './encode-code.ts';
import { fieldTypeCode, keyCode, textCode, valueTypeCode } from './scalar-code.ts';
import { tableCode } from './table-code.ts';

/**
 * The interface of a message, its MessageType and its defaults. In a file with
 * `option optimize_for = CODE_SIZE` the type works from a table of its fields, which is a fraction of
 * the code, and slower.
 */
export function messageCode(file: CodeFile, desc: DescMessage): void {
  const name = file.names.of(desc);
  for (const line of docComment(desc)) file.line(line);
  file.block(`export interface ${name} {`, () => {
    for (const member of desc.members) memberCode(file, member);
    file.line('/** Fields that this code does not know, in the binary format. */');
    file.line('$unknown?: Uint8Array | undefined;');
  });
  file.line();
  for (const line of docComment(desc)) file.line(line);
  if (desc.file.proto.options?.optimizeFor === FileOptions_OptimizeMode.CODE_SIZE) {
    const type = `${file.runtimeType('MessageType')}<${name}>`;
    file.block(
      `export const ${name}: ${type} = /* @__PURE__ */ ${file.runtime('tableMessageType')}(`,
      () => tableCode(file, desc, '', ','),
      ');',
    );
  } else {
    typeCode(file, desc, name);
  }
  if (hasDefaults(desc)) defaultsCode(file, desc);
}

function typeCode(file: CodeFile, desc: DescMessage, name: string): void {
  file.block(
    `export const ${name}: ${file.runtimeType('MessageType')}<${name}> = {`,
    () => {
      file.line(`typeName: ${textCode(desc.typeName)},`);
      createCode(file, desc);
      encodeCode(file, desc);
      decodeCode(file, desc);
      jsonCode(file, name);
    },
    '};',
  );
  file.line();
  newCode(file, desc);
  file.line();
  tableCode(file, desc, `const ${name}$fields = `, ';');
}

function memberCode(file: CodeFile, member: DescField | DescOneof): void {
  if (member.kind === 'oneof') {
    oneofCode(file, member);
    return;
  }
  const { label, type } = fieldShapeOf(member);
  for (const line of docComment(member, notesOf(member))) file.line(line);
  const isOptional =
    label === 'optional' ||
    (label === 'required' && typeof type !== 'string' && type.kind === 'message');
  const code = fieldTypeCode(file, member);
  const key = keyCode(member.localName);
  file.line(isOptional ? `${key}?: ${code} | undefined;` : `${key}: ${code};`);
}

function oneofCode(file: CodeFile, oneof: DescOneof): void {
  for (const line of docComment(oneof)) file.line(line);
  file.line(`${keyCode(oneof.localName)}:`);
  file.indented(() => {
    for (const field of oneof.fields) caseCode(file, field);
    file.line('| { case: undefined; value?: undefined };');
  });
}

function caseCode(file: CodeFile, field: DescField): void {
  const key = `case: ${textCode(field.localName)};`;
  const value = `value: ${valueTypeCode(file, fieldShapeOf(field))}`;
  const comment = docComment(field, notesOf(field));
  if (comment.length === 0) {
    file.line(`| { ${key} ${value} }`);
    return;
  }
  file.line('| {');
  for (const line of [...comment, key, `${value};`]) file.line(`    ${line}`);
  file.line('  }');
}

function notesOf(field: DescField): string[] {
  const { label } = fieldShapeOf(field);
  const notes = label === 'required' ? ['Required.'] : [];
  const { defaultValue } = field.proto;
  if (defaultValue === '') return notes;
  const shown =
    field.fieldKind === 'scalar' ? JSON.stringify(defaultValue).slice(1, -1) : defaultValue;
  return [...notes, `Default: ${shown}`];
}

function jsonCode(file: CodeFile, name: string): void {
  file.block(
    'toJson(message, options) {',
    () => file.line(`return ${file.runtime('messageToJson')}(${name}$fields, message, options);`),
    '},',
  );
  file.block(
    'fromJson(item, options) {',
    () =>
      file.line(
        `return ${file.runtime('messageFromJson')}(${name}, ${name}$fields, item, options);`,
      ),
    '},',
  );
}
