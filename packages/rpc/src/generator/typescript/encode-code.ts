import type { DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../codec/field-shape.ts';
import type { ScalarName } from '../../codec/field-table.ts';
import { tagOf, wireTypes } from '../../codec/wire-types.ts';
import type { CodeFile } from './code-file.ts';
import {
  isInteger64,
  isMessage,
  isSetCode,
  propertyCode,
  textCode,
  valueTypeCode,
  wireTypeOfShape,
  writeCode,
} from './scalar-code.ts';

/** Fields that are written one behind the other: one field, or some of one oneof. */
interface Run {
  readonly oneof: DescOneof | undefined;
  readonly fields: readonly DescField[];
}

/** The method `encode`: fields in the order of their numbers, then the unknown ones. */
export function encodeCode(file: CodeFile, desc: DescMessage): void {
  file.block(
    'encode(message, writer) {',
    () => {
      for (const run of runsOf(desc)) {
        if (run.oneof === undefined) for (const field of run.fields) fieldCode(file, desc, field);
        else oneofCode(file, run.oneof, run.fields);
      }
      file.line('if (message.$unknown !== undefined) writer.raw(message.$unknown);');
    },
    '},',
  );
}

function runsOf(desc: DescMessage): Run[] {
  const runs: { oneof: DescOneof | undefined; fields: DescField[] }[] = [];
  for (const field of [...desc.fields].sort((a, b) => a.number - b.number)) {
    const last = runs.at(-1);
    if (last !== undefined && last.oneof === field.oneof) last.fields.push(field);
    else runs.push({ oneof: field.oneof, fields: [field] });
  }
  return runs;
}

function fieldCode(file: CodeFile, desc: DescMessage, field: DescField): void {
  const shape = fieldShapeOf(field);
  const value = `f${field.number}`;
  file.line(`const ${value} = ${propertyCode('message', field.localName)};`);
  switch (shape.label) {
    case 'implicit':
      file.block(`if (${isSetCode(shape, value)}) {`, () => taggedCode(file, shape, value));
      break;
    case 'required':
      file.line(`if (${value} === undefined) {`);
      file.line(
        `  throw ${file.runtime('missingField')}(${textCode(desc.typeName)}, ${textCode(field.name)});`,
      );
      file.block('} else {', () => taggedCode(file, shape, value));
      break;
    case 'optional':
      file.block(`if (${value} !== undefined) {`, () => taggedCode(file, shape, value));
      break;
    case 'repeated':
      listCode(file, shape, value);
      break;
    case 'map':
      mapCode(file, shape, value);
      break;
  }
}

function oneofCode(file: CodeFile, oneof: DescOneof, fields: readonly DescField[]): void {
  const name = `f${fields[0]?.number}`;
  file.line(`const ${name} = ${propertyCode('message', oneof.localName)};`);
  file.block(`if (${name}?.value !== undefined) {`, () => {
    file.block(`switch (${name}.case) {`, () => {
      for (const field of fields) {
        const shape = fieldShapeOf(field);
        // Braces hold the names of one field apart from those of others.
        const braces = isMessage(shape.type) && !shape.delimited;
        file.line(`case ${textCode(field.localName)}:${braces ? ' {' : ''}`);
        file.indented(() => {
          taggedCode(file, shape, `${name}.value`);
          file.line('break;');
        });
        if (braces) file.line('}');
      }
    });
  });
}

function listCode(file: CodeFile, shape: FieldShape, list: string): void {
  if (!shape.packed) {
    file.block(`if (${list} !== undefined) {`, () => {
      file.block(loopCode(list), () => taggedCode(file, shape, elementCode(file, shape, list)));
    });
    return;
  }
  file.block(`if (${list} !== undefined && ${list}.length > 0) {`, () => {
    file.line(`writer.tag(${tagOf(shape.number, wireTypes.lengthDelimited)});`);
    file.line('const begin = writer.begin();');
    file.block(loopCode(list), () =>
      file.line(writeCode(file, shape, elementCode(file, shape, list))),
    );
    file.line('writer.end(begin);');
  });
}

/** An index is faster than an iterator. */
function loopCode(list: string): string {
  return `for (let i = 0; i < ${list}.length; i++) {`;
}

function elementCode(file: CodeFile, shape: FieldShape, list: string): string {
  const type = valueTypeCode(file, shape);
  if (!isMessage(shape.type)) return `${list}[i] as ${type}`;
  return `${list}[i] as ${file.runtimeType('MessageInit')}<${type}>`;
}

function mapCode(file: CodeFile, shape: FieldShape, map: string): void {
  const key = shape.key ?? 'string';
  const keyShape: FieldShape = { ...shape, number: 1, type: key, jsType: undefined };
  file.block(`if (${map} !== undefined) {`, () => {
    file.block(`for (const key of Object.keys(${map})) {`, () => {
      file.line(`const item = ${map}[key];`);
      file.line('if (item === undefined) continue;');
      file.line(`writer.tag(${tagOf(shape.number, wireTypes.lengthDelimited)});`);
      file.line('const outer = writer.begin();');
      taggedCode(file, keyShape, keyValueCode(file, key));
      taggedCode(file, { ...shape, number: 2 }, 'item');
      file.line('writer.end(outer);');
    });
  });
}

/** A key, which is a text in TypeScript, as its type. */
function keyValueCode(file: CodeFile, key: ScalarName): string {
  if (key === 'string') return 'key';
  if (key === 'bool') return "key === 'true'";
  return isInteger64(key) ? `${file.runtime('bigintOf')}(key)` : 'Number(key)';
}

/** Tag and value. */
function taggedCode(file: CodeFile, shape: FieldShape, value: string): void {
  const { number, type } = shape;
  file.line(`writer.tag(${tagOf(number, wireTypeOfShape(shape))});`);
  if (!isMessage(type)) {
    file.line(writeCode(file, shape, value));
    return;
  }
  const encode = `${file.messageType(type)}.encode(${value}, writer);`;
  if (shape.delimited) {
    file.line(encode);
    file.line(`writer.tag(${tagOf(number, wireTypes.endGroup)});`);
    return;
  }
  file.line('const begin = writer.begin();');
  file.line(encode);
  file.line('writer.end(begin);');
}
