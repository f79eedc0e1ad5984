import type {
  DescEnum,
  DescExtension,
  DescField,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
  FileRegistry,
} from '@bufbuild/protobuf';
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { Described } from '../schema/schema.ts';
import { fieldText } from './field-text.ts';
import { optionTexts } from './option-text.ts';
import type { ProtoText } from './proto-text.ts';

/**
 * Writes a declaration as a `.proto` file has it, but with full names: what is printed can be asked
 * for next.
 */
export function printDeclaration(
  text: ProtoText,
  desc: Described | DescMethod,
  registry: FileRegistry,
): void {
  switch (desc.kind) {
    case 'service':
      printService(text, desc, registry);
      return;
    case 'rpc':
      printMethod(text, desc, registry);
      return;
    case 'message':
      printMessage(text, desc, desc.typeName, registry);
      return;
    case 'enum':
      printEnum(text, desc, desc.typeName, registry);
      return;
    case 'extension':
      printExtension(text, desc, registry);
  }
}

function printService(text: ProtoText, desc: DescService, registry: FileRegistry): void {
  text.block(desc.file, desc.proto, `service ${desc.typeName}`, () => {
    printOptions(text, optionTexts(ServiceOptionsSchema, desc.proto.options, registry));
    for (const method of desc.methods) printMethod(text, method, registry);
  });
}

function printMethod(text: ProtoText, desc: DescMethod, registry: FileRegistry): void {
  const { proto, input, output, parent } = desc;
  const takes = (proto.clientStreaming ? 'stream ' : '') + input.typeName;
  const answers = (proto.serverStreaming ? 'stream ' : '') + output.typeName;
  const head = `rpc ${desc.name}(${takes}) returns (${answers})`;
  const options = optionTexts(MethodOptionsSchema, proto.options, registry);
  if (options.length === 0) text.declaration(parent.file, proto, `${head};`);
  else text.block(parent.file, proto, head, () => printOptions(text, options));
}

function printMessage(
  text: ProtoText,
  desc: DescMessage,
  name: string,
  registry: FileRegistry,
): void {
  text.block(desc.file, desc.proto, `message ${name}`, () => {
    printOptions(text, optionTexts(MessageOptionsSchema, desc.proto.options, registry));
    for (const member of desc.members) {
      if (member.kind === 'oneof') printOneof(text, member, registry);
      else printField(text, member, registry);
    }
    printRanges(text, desc);
    for (const nested of desc.nestedMessages) {
      text.line('');
      printMessage(text, nested, nested.name, registry);
    }
    for (const nested of desc.nestedEnums) {
      text.line('');
      printEnum(text, nested, nested.name, registry);
    }
  });
}

function printField(text: ProtoText, desc: DescField, registry: FileRegistry): void {
  text.declaration(desc.parent.file, desc.proto, fieldText(desc, registry));
}

function printOneof(text: ProtoText, desc: DescOneof, registry: FileRegistry): void {
  text.block(desc.parent.file, desc.proto, `oneof ${desc.name}`, () => {
    printOptions(text, optionTexts(OneofOptionsSchema, desc.proto.options, registry));
    for (const field of desc.fields) printField(text, field, registry);
  });
}

function printEnum(text: ProtoText, desc: DescEnum, name: string, registry: FileRegistry): void {
  text.block(desc.file, desc.proto, `enum ${name}`, () => {
    printOptions(text, optionTexts(EnumOptionsSchema, desc.proto.options, registry));
    for (const value of desc.values) {
      const options = optionTexts(EnumValueOptionsSchema, value.proto.options, registry);
      const suffix = options.length === 0 ? '' : ` [${options.join(', ')}]`;
      text.declaration(desc.file, value.proto, `${value.name} = ${value.number}${suffix};`);
    }
    const ranges = desc.proto.reservedRange.map(({ start, end }) => range(start, end, 2 ** 31 - 1));
    printReserved(text, ranges, desc.proto.reservedName);
  });
}

function printExtension(text: ProtoText, desc: DescExtension, registry: FileRegistry): void {
  text.block(desc.file, nothing, `extend ${desc.extendee.typeName}`, () => {
    text.declaration(desc.file, desc.proto, fieldText(desc, registry));
  });
}

/** A block of extensions has no descriptor, and so no comments. */
const nothing = {};

function printOptions(text: ProtoText, options: readonly string[]): void {
  for (const option of options) text.line(`option ${option};`);
}

/** A message's ranges end before their end. */
function printRanges(text: ProtoText, { proto }: DescMessage): void {
  const texts = (ranges: readonly { readonly start: number; readonly end: number }[]): string[] =>
    ranges.map(({ start, end }) => range(start, end - 1, 2 ** 29 - 1));
  const extensions = texts(proto.extensionRange);
  if (extensions.length > 0) text.line(`extensions ${extensions.join(', ')};`);
  printReserved(text, texts(proto.reservedRange), proto.reservedName);
}

function printReserved(text: ProtoText, ranges: readonly string[], names: readonly string[]): void {
  if (ranges.length > 0) text.line(`reserved ${ranges.join(', ')};`);
  if (names.length > 0) {
    text.line(`reserved ${names.map((name) => JSON.stringify(name)).join(', ')};`);
  }
}

function range(first: number, last: number, max: number): string {
  if (first === last) return String(first);
  return `${first} to ${last === max ? 'max' : last}`;
}
