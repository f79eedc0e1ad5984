import {
  Edition,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { FieldSymbol, MessageSymbol } from '../linker/symbols.ts';
import { checkDeclared } from './validate-declarations.ts';
import { extensionRanges } from './validate-numbers.ts';

/** Reports what is wrong with an extension as such. */
export function validateExtension(field: FieldSymbol): void {
  const { proto, file, owner } = field;
  if (owner === undefined) return;
  const { number } = proto;
  if (extensionRanges(owner).find(number) === undefined) {
    file.report(
      proto,
      'number',
      `${owner.fullName} has no extension ${number}; write one of ${ranges(owner)}`,
    );
  }
  if (proto.label === Label.REQUIRED) {
    file.report(proto, 'label', 'an extension cannot be required; write optional');
  }
  if (file.edition === Edition.EDITION_PROTO3 && !isOptions(owner)) {
    file.report(proto, 'extendee', 'proto3 extends options only; use google.protobuf.Any');
  }
  const isMessage = proto.type === Type.MESSAGE && proto.label === Label.OPTIONAL;
  if (owner.proto.options?.messageSetWireFormat === true && !isMessage) {
    file.report(proto, 'type', 'an extension of a message set is an optional message; make it one');
  }
  checkDeclared(field, owner);
}

function ranges({ proto }: MessageSymbol): string {
  const texts = proto.extensionRange.slice(0, 8).map(({ start, end }) => `${start} to ${end - 1}`);
  return texts.join(', ') || 'another message, as it has none';
}

/** The messages of descriptor.proto that custom options extend. */
function isOptions({ fullName }: MessageSymbol): boolean {
  return optionsNames.has(fullName);
}

const optionsNames = new Set(
  ['File', 'Message', 'Field', 'Enum', 'EnumValue', 'Service', 'Method', 'Oneof', 'ExtensionRange']
    .map((name) => `google.protobuf.${name}Options`)
    .concat('google.protobuf.StreamOptions'),
);
