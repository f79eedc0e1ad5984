import type { DescMessage, DescOneof } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../codec/field-shape.ts';
import type { CodeFile } from './code-file.ts';
import { defaultCode } from './defaults-code.ts';
import { isMessage, keyCode, propertyCode, textCode } from './scalar-code.ts';

/** The method `create`. */
export function createCode(file: CodeFile, desc: DescMessage): void {
  const name = file.names.of(desc);
  file.block(
    'create(init) {',
    () => {
      file.line(`if (init === undefined) return ${name}$new();`);
      file.block(
        'return {',
        () => {
          for (const member of desc.members) {
            const given = propertyCode('init', member.localName);
            const code =
              member.kind === 'oneof'
                ? `${name}$oneof_${member.name}(${given})`
                : givenCode(file, fieldShapeOf(member), given, defaultCode(file, member));
            file.line(`${keyCode(member.localName)}: ${code},`);
          }
          file.line('$unknown: init.$unknown,');
        },
        '};',
      );
    },
    '},',
  );
}

/** The functions that `create` and `decode` use: for a message of defaults, and for each oneof. */
export function newCode(file: CodeFile, desc: DescMessage): void {
  const name = file.names.of(desc);
  file.block(`function ${name}$new(): ${name} {`, () => {
    file.block(
      'return {',
      () => {
        for (const member of desc.members) {
          const code = member.kind === 'oneof' ? '{ case: undefined }' : defaultCode(file, member);
          file.line(`${keyCode(member.localName)}: ${code},`);
        }
        file.line('$unknown: undefined,');
      },
      '};',
    );
  });
  for (const oneof of desc.oneofs) oneofCode(file, name, oneof);
}

function oneofCode(file: CodeFile, name: string, oneof: DescOneof): void {
  const type = `${name}['${oneof.localName}']`;
  file.line();
  file.line(`function ${name}$oneof_${oneof.name}(`);
  file.line(`  init: ${file.runtimeType('MessageInit')}<${type}> | undefined,`);
  file.block(`): ${type} {`, () => {
    file.line('if (init?.value === undefined) return { case: undefined };');
    file.block('switch (init.case) {', () => {
      for (const field of oneof.fields) {
        const shape = fieldShapeOf(field);
        const key = textCode(field.localName);
        const value = isMessage(shape.type)
          ? `${file.messageType(shape.type)}.create(init.value)`
          : 'init.value';
        file.line(`case ${key}:`);
        file.line(`  return { case: ${key}, value: ${value} };`);
      }
      file.line('default:');
      file.line('  return { case: undefined };');
    });
  });
}

function givenCode(file: CodeFile, shape: FieldShape, given: string, zero: string): string {
  const type = isMessage(shape.type) ? file.messageType(shape.type) : undefined;
  switch (shape.label) {
    case 'repeated': {
      const copy =
        type === undefined ? `[...${given}]` : `${given}.map((item) => ${type}.create(item))`;
      return `${given} === undefined ? [] : ${copy}`;
    }
    case 'map': {
      if (type === undefined) return `${file.runtime('copyMap')}(${given})`;
      return `${file.runtime('createMap')}(${given}, (item) => ${type}.create(item))`;
    }
    default:
      if (type !== undefined) {
        return `${given} === undefined ? undefined : ${type}.create(${given})`;
      }
      return zero === 'undefined' ? given : `${given} ?? ${zero}`;
  }
}
