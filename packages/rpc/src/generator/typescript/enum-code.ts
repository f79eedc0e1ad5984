import type { DescEnum } from '@bufbuild/protobuf';
import type { CodeFile } from './code-file.ts';
import { docComment } from './comments.ts';
import { keyCode, textCode } from './scalar-code.ts';

/** An enum as a const object, the type of its values, and its EnumType. */
export function enumCode(file: CodeFile, desc: DescEnum): void {
  const name = file.names.of(desc);
  for (const line of docComment(desc)) file.line(line);
  file.block(
    `export const ${name} = {`,
    () => {
      for (const value of desc.values) {
        for (const line of docComment(value)) file.line(line);
        file.line(`${keyCode(value.localName)}: ${value.number},`);
      }
    },
    '} as const;',
  );
  const note = desc.open
    ? ['A peer may also send a number that is not listed here.']
    : ['A number that is not listed here goes to the unknown fields.'];
  file.line();
  for (const line of docComment(desc, note)) file.line(line);
  file.line(`export type ${name} = (typeof ${name})[keyof typeof ${name}];`);
  file.line();
  file.line(`/** The names of ${name} in the \`.proto\`. */`);
  const enumType = file.runtime('enumType');
  const declaration = `export const ${file.names.enumTypeOf(desc)}: ${file.runtimeType('EnumType')}`;
  file.block(
    `${declaration} = /* @__PURE__ */ ${enumType}(${textCode(desc.typeName)}, {`,
    () => {
      for (const value of desc.values) file.line(`${keyCode(value.name)}: ${value.number},`);
    },
    desc.open ? '});' : '}, true);',
  );
}
