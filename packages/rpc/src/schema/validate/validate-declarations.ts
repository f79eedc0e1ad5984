import {
  type ExtensionRangeOptions,
  ExtensionRangeOptions_VerificationState,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
} from '@bufbuild/protobuf/wkt';
import type { FieldSymbol, MessageSymbol } from '../linker/symbols.ts';
import { extensionRanges } from './validate-numbers.ts';

/** Reports what is wrong with the declarations of extensions in a message's ranges. */
export function validateDeclarations({ proto, file }: MessageSymbol): void {
  const names = new Set<string>();
  for (const range of proto.extensionRange) {
    const { options, start, end } = range;
    if (options === undefined || options.declaration.length === 0) continue;
    const report = (message: string): void => file.report(range, 'number', message);
    if (isUnverified(options)) report('a range with declarations is verified; remove UNVERIFIED');
    const numbers = new Set<number>();
    for (const { number, fullName, type, reserved } of options.declaration) {
      if (number < start || number >= end) {
        report(`the declared extension ${number} is not in the range; change its number`);
      }
      if (numbers.has(number)) report(`the extension ${number} is declared twice; remove one`);
      numbers.add(number);
      if ((fullName === '' || type === '') && !(reserved && fullName === type)) {
        report(`the declared extension ${number} has no full_name or no type; set both`);
      }
      if (fullName !== '' && names.has(fullName)) {
        report(`the extension ${fullName} is declared twice; remove one`);
      }
      names.add(fullName);
      for (const name of [fullName, type]) {
        if (name !== '' && !isDeclarable(name)) {
          report(`${name} is no full name; begin it with a dot, as .package.name`);
        }
      }
    }
  }
}

function isUnverified(options: ExtensionRangeOptions): boolean {
  return (
    Object.hasOwn(options, 'verification') &&
    options.verification === ExtensionRangeOptions_VerificationState.UNVERIFIED
  );
}

function isDeclarable(name: string): boolean {
  return /^(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(name) || scalarNames.has(name);
}

const scalarNames: ReadonlySet<string> = new Set(
  Object.values(FieldDescriptorProto_Type)
    .filter((name) => typeof name === 'string')
    .map((name) => name.toLowerCase()),
);

/** Reports an extension that is not what its range declares for its number. */
export function checkDeclared(field: FieldSymbol, owner: MessageSymbol): void {
  const { proto, file } = field;
  const { number } = proto;
  const options = extensionRanges(owner).find(number)?.options;
  if (options === undefined) return;
  const report = (message: string): void => file.report(proto, 'extendee', message);
  const declaration = options.declaration.find((declared) => declared.number === number);
  if (declaration === undefined) {
    const isVerified = options.verification === ExtensionRangeOptions_VerificationState.DECLARATION;
    if (options.declaration.length === 0 && !isVerified) return;
    report(`${owner.fullName} does not declare the extension ${number}; declare it in its range`);
    return;
  }
  if (declaration.reserved) {
    report(`the extension ${number} of ${owner.fullName} is reserved; use another number`);
    return;
  }
  const type = proto.typeName || (FieldDescriptorProto_Type[proto.type] ?? '').toLowerCase();
  const isRepeated = proto.label === FieldDescriptorProto_Label.REPEATED;
  if (declaration.type !== '' && declaration.type !== type) {
    report(`${owner.fullName} declares ${number} as ${declaration.type}, not ${type}; change one`);
  }
  if (declaration.fullName !== '' && declaration.fullName !== `.${field.fullName}`) {
    report(`${owner.fullName} declares ${number} as ${declaration.fullName}; rename one`);
  }
  if (declaration.repeated !== isRepeated) {
    const word = declaration.repeated ? 'repeated' : 'not repeated';
    report(`${owner.fullName} declares ${number} as ${word}; change one`);
  }
}
