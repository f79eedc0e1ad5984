import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../codec/field-shape.ts';
import { tagOf, wireTypes } from '../../codec/wire-types.ts';
import type { CodeFile } from './code-file.ts';
import {
  isClosedEnum,
  isMessage,
  propertyCode,
  readCode,
  textCode,
  valueTypeCode,
  wireTypeOfShape,
  zeroCode,
} from './scalar-code.ts';

/** Where the unknown fields of a message are. */
const unknown = 'message.$unknown';
const keep = `${unknown} = reader.keep(start, ${unknown});`;

/** The method `decode`: a loop over the tags with a `switch` on them. */
export function decodeCode(file: CodeFile, desc: DescMessage): void {
  const name = file.names.of(desc);
  file.block(
    'decode(reader, end, into) {',
    () => {
      file.line(`const message = into ?? ${name}$new();`);
      file.block('while (reader.position < end) {', () => {
        file.line('const start = reader.position;');
        file.line('const tag = reader.tag();');
        file.block('switch (tag) {', () => {
          for (const field of desc.fields) fieldCode(file, field);
          file.line('default:');
          file.indented(() => {
            file.line('if (reader.endsGroup(tag)) return message;');
            file.line(`${unknown} = reader.unknown(tag, start, ${unknown});`);
          });
        });
      });
      file.line('return message;');
    },
    '},',
  );
}

function fieldCode(file: CodeFile, field: DescField): void {
  const shape = fieldShapeOf(field);
  const place = propertyCode('message', field.oneof?.localName ?? field.localName);
  switch (shape.label) {
    case 'repeated':
      listCode(file, shape, place);
      break;
    case 'map':
      caseCode(file, tagOf(shape.number, wireTypes.lengthDelimited), true, () =>
        mapCode(file, shape, place),
      );
      break;
    default:
      caseCode(file, tagOf(shape.number, wireTypeOfShape(shape)), hasNames(shape), () => {
        if (field.oneof === undefined) singleCode(file, shape, place);
        else oneofCode(file, shape, place, field.localName);
      });
  }
}

/** Braces hold the names of one field apart from those of others. */
function caseCode(file: CodeFile, tag: number, hasNames: boolean, body: () => void): void {
  file.line(hasNames ? `case ${tag}: {` : `case ${tag}:`);
  file.indented(() => {
    body();
    file.line('break;');
  });
  if (hasNames) file.line('}');
}

/** Whether the code that reads one value declares something. */
function hasNames({ type }: FieldShape): boolean {
  return isMessage(type) || isClosedEnum(type);
}

function singleCode(file: CodeFile, shape: FieldShape, place: string): void {
  if (isMessage(shape.type)) {
    submessageCode(file, shape, place, (value) => `${place} = ${value};`);
  } else {
    knownCode(file, shape, (value) => `${place} = ${value};`, keep);
  }
}

function oneofCode(file: CodeFile, shape: FieldShape, place: string, name: string): void {
  const key = textCode(name);
  const set = (value: string): string => `${place} = { case: ${key}, value: ${value} };`;
  if (!isMessage(shape.type)) {
    knownCode(file, shape, set, keep);
    return;
  }
  file.line(`const held = ${place};`);
  submessageCode(file, shape, `held.case === ${key} ? held.value : undefined`, set);
}

function listCode(file: CodeFile, shape: FieldShape, place: string): void {
  const wireType = wireTypeOfShape(shape);
  const push = (value: string): string => `${place}.push(${value});`;
  caseCode(file, tagOf(shape.number, wireType), hasNames(shape), () => {
    if (isMessage(shape.type)) submessageCode(file, shape, undefined, push);
    else knownCode(file, shape, push, keep);
  });
  if (isMessage(shape.type) || wireType === wireTypes.lengthDelimited) return;
  caseCode(file, tagOf(shape.number, wireTypes.lengthDelimited), true, () => {
    file.line(`const list = ${place};`);
    file.line('const stop = reader.lengthEnd();');
    if (isClosedEnum(shape.type)) {
      file.block('while (reader.position < stop) {', () => {
        const append = file.runtime('appendUnknownVarint');
        const other = `${unknown} = ${append}(${unknown}, ${shape.number}, value);`;
        knownCode(file, shape, (value) => `list.push(${value});`, other);
      });
    } else {
      file.line(`while (reader.position < stop) list.push(${castCode(file, shape)});`);
    }
    file.line('reader.checkEnd(stop);');
  });
}

/** Reads a value that is no message. Numbers that a closed enum does not have go elsewhere. */
function knownCode(
  file: CodeFile,
  shape: FieldShape,
  use: (value: string) => string,
  other: string,
): void {
  if (!isClosedEnum(shape.type)) {
    file.line(use(castCode(file, shape)));
    return;
  }
  file.line('const value = reader.int32();');
  const known = `${file.enumType(shape.type)}.names.has(value)`;
  file.line(`if (${known}) ${use(`value as ${file.typeName(shape.type)}`)}`);
  file.line(`else ${other}`);
}

/** The number of an open enum may be one that the type does not list. */
function castCode(file: CodeFile, shape: FieldShape): string {
  const read = readCode(file, shape);
  return typeof shape.type === 'string' ? read : `${read} as ${valueTypeCode(file, shape)}`;
}

/** `held` is what the message may have of this field already: the two are merged. */
function submessageCode(
  file: CodeFile,
  shape: FieldShape,
  held: string | undefined,
  use: (value: string) => string,
): void {
  if (!isMessage(shape.type)) return;
  const type = file.messageType(shape.type);
  const into = held === undefined ? '' : `, ${held}`;
  if (shape.delimited) {
    file.line(`const outer = reader.openGroup(${shape.number});`);
    file.line(use(`${type}.decode(reader, reader.length${into})`));
    file.line('reader.closeGroup(outer);');
    return;
  }
  file.line('const close = reader.open();');
  file.line(use(`${type}.decode(reader, close${into})`));
  file.line('reader.close(close);');
}

function mapCode(file: CodeFile, shape: FieldShape, place: string): void {
  const key: FieldShape = { ...shape, number: 1, type: shape.key ?? 'string', jsType: undefined };
  const { type } = shape;
  const valueType = valueTypeCode(file, shape);
  const readKey = readCode(file, key);
  const isText = key.type === 'string';
  file.line('const stop = reader.lengthEnd();');
  file.line(`let key = ${isText ? "''" : key.type === 'bool' ? "'false'" : "'0'"};`);
  file.line(
    isMessage(type)
      ? `let item: ${valueType} | undefined;`
      : `let item: ${typeof type === 'string' ? valueType : 'number'} = ${zeroCode(file, shape)};`,
  );
  file.block('while (reader.position < stop) {', () => {
    file.line('const entryTag = reader.tag();');
    const keyTag = tagOf(1, wireTypeOfShape(key));
    file.line(`if (entryTag === ${keyTag}) key = ${isText ? readKey : `\`\${${readKey}}\``};`);
    const valueTag = tagOf(2, wireTypeOfShape(shape));
    if (isMessage(type)) {
      file.block(
        `else if (entryTag === ${valueTag}) {`,
        () => submessageCode(file, shape, 'item', (value) => `item = ${value};`),
        '} else reader.skip(entryTag);',
      );
    } else {
      file.line(`else if (entryTag === ${valueTag}) item = ${readCode(file, shape)};`);
      file.line('else reader.skip(entryTag);');
    }
  });
  file.line('reader.checkEnd(stop);');
  entryCode(file, shape, place);
}

function entryCode(file: CodeFile, { type }: FieldShape, place: string): void {
  const setOwn = file.runtime('setOwn');
  if (isMessage(type)) {
    file.line(`${setOwn}(${place}, key, item ?? ${file.messageType(type)}.create());`);
    return;
  }
  const value = typeof type === 'string' ? 'item' : `item as ${file.typeName(type)}`;
  const set = `${setOwn}(${place}, key, ${value});`;
  if (!isClosedEnum(type)) {
    file.line(set);
    return;
  }
  file.line(`if (${file.enumType(type)}.names.has(item)) ${set}`);
  file.line(`else ${keep}`);
}
