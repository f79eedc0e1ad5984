import type { DescExtension } from '@bufbuild/protobuf';
import type { CodeFile } from './code-file.ts';
import { docComment } from './comments.ts';
import { fieldTypeCode, textCode } from './scalar-code.ts';
import { specCode } from './table-code.ts';

/** An extension as a const for `getExtension` and `setExtension`. */
export function extensionCode(file: CodeFile, desc: DescExtension): void {
  const type = `${file.typeName(desc.extendee)}, ${fieldTypeCode(file, desc)}`;
  for (const line of docComment(desc)) file.line(line);
  const name = `export const ${file.names.of(desc)}: ${file.runtimeType('Extension')}<${type}>`;
  file.line(`${name} =`);
  file.line(`  /* @__PURE__ */ ${file.runtime('extension')}(`);
  file.line(`    ${textCode(desc.typeName)},`);
  file.line(`    ${textCode(desc.extendee.typeName)},`);
  file.line(`    () => (${specCode(file, desc)}),`);
  file.line('  );');
}
