import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { isNotZero, scalarKind, type ValueKind, valueKind, writeCall } from './field-type.ts';
import type { ZigFile } from './zig-file.ts';
import { memberName } from './zig-names.ts';

/** `zrpcEncode` of a message, or of the entries of a map. */
export function encodeCode(
  file: ZigFile,
  of: DescMessage | (DescField & { fieldKind: 'map' }),
): void {
  file.line();
  file.line('/// For `zrpc.encode`.');
  file.block(
    'pub fn zrpcEncode(zrpc_self: *const @This(), zrpc_writer: *zrpc_runtime.Writer) zrpc_runtime.EncodeError!void',
    () => {
      if (of.kind === 'message') encodeMembers(file, of);
      else encodeEntry(file, of);
      file.line('try zrpc_writer.raw(zrpc_self.zrpc_unknown);');
    },
  );
}

function encodeMembers(file: ZigFile, message: DescMessage): void {
  for (const member of message.members) {
    if (member.kind === 'field') {
      encodeField(file, member);
      continue;
    }
    file.block(
      `if (zrpc_self.${memberName(member.name)}) |zrpc_case| switch (zrpc_case)`,
      () => {
        for (const field of member.fields) {
          file.block(
            `.${memberName(field.name)} => |zrpc_value|`,
            () => writeValue(file, field, valueKind(file, field), 'zrpc_value'),
            ',',
          );
        }
      },
      ';',
    );
  }
}

function encodeField(file: ZigFile, field: DescField): void {
  const kind = valueKind(file, field);
  const name = `zrpc_self.${memberName(field.name)}`;
  if (field.fieldKind === 'list' && field.packed) {
    packedList(file, field.number, kind, name);
  } else if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    const item = kind.codec === undefined ? '*zrpc_item' : 'zrpc_item';
    file.block(`for (${name}) |${item}|`, () => writeValue(file, field, kind, 'zrpc_item'));
  } else if (kind.codec === undefined || field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    file.block(`if (${name}) |zrpc_value|`, () => writeValue(file, field, kind, 'zrpc_value'));
  } else {
    file.block(`if (${isNotZero(kind, name)})`, () => writeValue(file, field, kind, name));
  }
}

function packedList(file: ZigFile, number: number, kind: ValueKind, name: string): void {
  file.block(`if (${name}.len > 0)`, () => {
    file.line(`try zrpc_writer.tag(${number}, .length);`);
    file.line('const zrpc_start = zrpc_writer.begin();');
    file.line(`for (${name}) |zrpc_item| try ${writeCall(kind, 'zrpc_item')};`);
    file.line('try zrpc_writer.end(zrpc_start);');
  });
}

function writeValue(file: ZigFile, field: DescField, kind: ValueKind, value: string): void {
  if (kind.codec === undefined) {
    const isGroup = 'delimitedEncoding' in field && field.delimitedEncoding;
    file.line(`try zrpc_writer.${isGroup ? 'group' : 'message'}(${field.number}, ${value});`);
    return;
  }
  file.line(`try zrpc_writer.tag(${field.number}, .${kind.wire});`);
  file.line(`try ${writeCall(kind, value)};`);
}

function encodeEntry(file: ZigFile, field: DescField & { fieldKind: 'map' }): void {
  const key = scalarKind(field.mapKey);
  file.line(`try zrpc_writer.tag(1, .${key.wire});`);
  file.line(`try ${writeCall(key, 'zrpc_self.key')};`);
  if (field.mapKind === 'message') {
    file.line('if (zrpc_self.value) |zrpc_value| try zrpc_writer.message(2, zrpc_value);');
    return;
  }
  const value: ValueKind =
    field.mapKind === 'scalar'
      ? scalarKind(field.scalar)
      : { codec: 'enum', wire: 'varint', type: file.typeName(field.enum) };
  file.line(`try zrpc_writer.tag(2, .${value.wire});`);
  file.line(`try ${writeCall(value, 'zrpc_self.value')};`);
}
