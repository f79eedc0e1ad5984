import type { DescEnum, DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';
import { commentOf } from '../comment-of.ts';
import { decodeCode } from './decode-code.ts';
import { encodeCode } from './encode-code.ts';
import { entryName, scalarKind, valueKind, zeroOf } from './field-type.ts';
import type { ZigFile } from './zig-file.ts';
import { declaredName, memberName, pascalCase } from './zig-names.ts';

/**
 * The struct of a message, with what is declared in it.
 * @throws RpcError invalid_argument for two members of one name, which Zig does not take.
 */
export function messageCode(file: ZigFile, message: DescMessage): void {
  checkNames(message);
  file.line();
  file.doc(commentOf(message));
  file.block(
    `pub const ${declaredName(message.name)} = struct`,
    () => {
      for (const member of message.members) {
        if (member.kind === 'oneof') oneofField(file, member);
        else fieldCode(file, member);
      }
      file.line('/// Fields that this code does not know, as they came.');
      file.line('zrpc_unknown: []const u8 = "",');
      for (const nested of message.nestedEnums) enumCode(file, nested);
      for (const nested of message.nestedMessages) messageCode(file, nested);
      for (const oneof of message.oneofs) oneofType(file, oneof);
      for (const field of message.fields) {
        if (field.fieldKind === 'map') entryCode(file, field);
      }
      encodeCode(file, message);
      decodeCode(file, message);
    },
    ';',
  );
}

/** Fields and declarations of a struct share one space of names. */
function checkNames(message: DescMessage): void {
  const maps = message.fields.filter(({ fieldKind }) => fieldKind === 'map');
  const names = [
    ...message.members.map(({ name }) => name),
    ...[...message.nestedEnums, ...message.nestedMessages].map(({ name }) => name),
    ...message.oneofs.map(oneofName),
    ...maps.map(entryName),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new RpcError(
    'invalid_argument',
    `${message.typeName} has two members ${twice} in Zig; rename one in its .proto file`,
  );
}

function fieldCode(file: ZigFile, field: DescField): void {
  file.doc(commentOf(field));
  const kind = valueKind(file, field);
  const name = memberName(field.name);
  if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    file.line(`${name}: []const ${kind.type} = &.{},`);
  } else if (kind.codec === undefined) {
    file.line(`${name}: ?*const ${kind.type} = null,`);
  } else if (hasPresence(field)) {
    file.line(`${name}: ?${kind.type} = null,`);
  } else {
    file.line(`${name}: ${kind.type} = ${zeroOf(kind)},`);
  }
}

/** Whether a single value can be absent. */
function hasPresence(field: DescField): boolean {
  return field.presence !== FeatureSet_FieldPresence.IMPLICIT;
}

/** The type of a oneof, by a name that no message has. */
function oneofName(oneof: DescOneof): string {
  return `${pascalCase(oneof.name)}Oneof`;
}

function oneofField(file: ZigFile, oneof: DescOneof): void {
  const type = `${file.typeName(oneof.parent)}.${oneofName(oneof)}`;
  file.line(`${memberName(oneof.name)}: ?${type} = null,`);
}

function oneofType(file: ZigFile, oneof: DescOneof): void {
  file.line();
  file.block(
    `pub const ${oneofName(oneof)} = union(enum)`,
    () => {
      for (const field of oneof.fields) {
        const { codec, type } = valueKind(file, field);
        file.doc(commentOf(field));
        file.line(`${memberName(field.name)}: ${codec === undefined ? '*const ' : ''}${type},`);
      }
    },
    ';',
  );
}

/** A map is a list of its entries; of entries with one key the last one counts. */
function entryCode(file: ZigFile, field: DescField & { fieldKind: 'map' }): void {
  const key = scalarKind(field.mapKey);
  file.line();
  file.block(
    `pub const ${entryName(field)} = struct`,
    () => {
      file.line(`key: ${key.type} = ${zeroOf(key)},`);
      const value = mapValueKind(file, field);
      file.line(
        value.codec === undefined
          ? `value: ?*const ${value.type} = null,`
          : `value: ${value.type} = ${zeroOf(value)},`,
      );
      file.line('zrpc_unknown: []const u8 = "",');
      encodeCode(file, field);
      decodeCode(file, field);
    },
    ';',
  );
}

function mapValueKind(
  file: ZigFile,
  field: DescField & { fieldKind: 'map' },
): ReturnType<typeof valueKind> {
  if (field.mapKind === 'scalar') return scalarKind(field.scalar);
  const type = field.mapKind === 'message' ? field.message : field.enum;
  return {
    codec: field.mapKind === 'message' ? undefined : 'enum',
    wire: field.mapKind === 'message' ? 'length' : 'varint',
    type: file.typeName(type),
  };
}

/** An enum, which takes numbers that it does not name, too. */
export function enumCode(file: ZigFile, enumeration: DescEnum): void {
  const name = declaredName(enumeration.name);
  const first = new Map<number, string>();
  file.line();
  file.doc(commentOf(enumeration));
  file.block(
    `pub const ${name} = enum(i32)`,
    () => {
      for (const value of enumeration.values) {
        if (first.has(value.number)) continue;
        first.set(value.number, memberName(value.name));
        file.doc(commentOf(value));
        file.line(`${memberName(value.name)} = ${value.number},`);
      }
      file.line('_,');
      for (const { name: alias, number } of enumeration.values) {
        const original = first.get(number);
        if (original === memberName(alias)) continue;
        file.line(
          `pub const ${declaredName(alias)}: ${file.typeName(enumeration)} = .${original};`,
        );
      }
    },
    ';',
  );
}
