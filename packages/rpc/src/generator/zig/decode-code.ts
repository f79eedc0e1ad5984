import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { readCall, scalarKind, type ValueKind, valueKind } from './field-type.ts';
import type { ZigFile } from './zig-file.ts';
import { memberName } from './zig-names.ts';

/** `zrpcDecode` of a message, or of the entries of a map. What is there already is merged with. */
export function decodeCode(
  file: ZigFile,
  of: DescMessage | (DescField & { fieldKind: 'map' }),
): void {
  file.line();
  file.line('/// For `zrpc.decode`.');
  file.line('pub fn zrpcDecode(');
  file.line('    zrpc_self: *@This(),');
  file.line('    zrpc_arena: zrpc_std.mem.Allocator,');
  file.line('    zrpc_reader: *zrpc_runtime.Reader,');
  file.block(') zrpc_runtime.DecodeError!void', () => {
    file.block('while (try zrpc_reader.next()) |zrpc_tag|', () => {
      file.block('switch (zrpc_tag.number)', () => {
        if (of.kind === 'message') for (const field of of.fields) decodeField(file, field);
        else decodeEntry(file, of);
        file.line('else => {},');
      });
      // What was read goes on with the next field before it comes here.
      file.line('try zrpc_reader.keep(zrpc_arena, &zrpc_self.zrpc_unknown, zrpc_tag);');
    });
  });
}

/** What is read when the field comes with this wire type. */
function arm(file: ZigFile, wire: string, body: () => void): void {
  file.block(`if (zrpc_tag.wire_type == .${wire})`, () => {
    body();
    file.line('continue;');
  });
}

function decodeField(file: ZigFile, field: DescField): void {
  const kind = valueKind(file, field);
  file.block(
    `${field.number} =>`,
    () => {
      if (kind.codec === undefined) decodeMessage(file, field, kind);
      else decodeScalar(file, field, kind);
    },
    ',',
  );
}

function decodeScalar(file: ZigFile, field: DescField, kind: ValueKind): void {
  const target = `zrpc_self.${memberName(field.name)}`;
  if (field.fieldKind !== 'list') {
    arm(file, kind.wire, () => {
      const value = readCall(kind, 'zrpc_reader');
      if (field.oneof === undefined) file.line(`${target} = ${value};`);
      else
        file.line(
          `zrpc_self.${memberName(field.oneof.name)} = .{ .${memberName(field.name)} = ${value} };`,
        );
    });
    return;
  }
  const append = (reader: string): string =>
    `try zrpc_runtime.append(${kind.type}, zrpc_arena, &${target}, ${readCall(kind, reader)});`;
  arm(file, kind.wire, () => file.line(append('zrpc_reader')));
  if (kind.wire === 'length') return;
  // A list may come packed even where it is not written so.
  arm(file, 'length', () => {
    file.line('var zrpc_items = try zrpc_reader.nested();');
    file.line(`while (!zrpc_items.isAtEnd()) ${append('zrpc_items')}`);
  });
}

function decodeMessage(file: ZigFile, field: DescField, kind: ValueKind): void {
  const target = `zrpc_self.${memberName(field.name)}`;
  const isGroup = 'delimitedEncoding' in field && field.delimitedEncoding;
  arm(file, isGroup ? 'start_group' : 'length', () => {
    file.line(
      `var zrpc_inner = try zrpc_reader.${isGroup ? `group(${field.number})` : 'nested()'};`,
    );
    if (field.fieldKind === 'list' || field.fieldKind === 'map') {
      file.line(`var zrpc_item: ${kind.type} = .{};`);
      file.line('try zrpc_item.zrpcDecode(zrpc_arena, &zrpc_inner);');
      file.line(`try zrpc_runtime.append(${kind.type}, zrpc_arena, &${target}, zrpc_item);`);
    } else if (field.oneof === undefined) {
      file.line(`const zrpc_child = try zrpc_runtime.child(${kind.type}, zrpc_arena, ${target});`);
      file.line('try zrpc_child.zrpcDecode(zrpc_arena, &zrpc_inner);');
      file.line(`${target} = zrpc_child;`);
    } else {
      const oneof = `zrpc_self.${memberName(field.oneof.name)}`;
      const name = memberName(field.name);
      file.line(`const zrpc_known = if (${oneof}) |zrpc_case| switch (zrpc_case) {`);
      file.line(`    .${name} => |zrpc_value| @as(?*const ${kind.type}, zrpc_value),`);
      if (field.oneof.fields.length > 1) file.line('    else => null,');
      file.line('} else null;');
      file.line(`const zrpc_child = try zrpc_runtime.child(${kind.type}, zrpc_arena, zrpc_known);`);
      file.line('try zrpc_child.zrpcDecode(zrpc_arena, &zrpc_inner);');
      file.line(`${oneof} = .{ .${name} = zrpc_child };`);
    }
  });
}

function decodeEntry(file: ZigFile, field: DescField & { fieldKind: 'map' }): void {
  const key = scalarKind(field.mapKey);
  file.block(
    '1 =>',
    () => arm(file, key.wire, () => file.line(`zrpc_self.key = ${readCall(key, 'zrpc_reader')};`)),
    ',',
  );
  file.block(
    '2 =>',
    () => {
      if (field.mapKind === 'message') {
        const type = file.typeName(field.message);
        arm(file, 'length', () => {
          file.line('var zrpc_inner = try zrpc_reader.nested();');
          file.line(
            `const zrpc_child = try zrpc_runtime.child(${type}, zrpc_arena, zrpc_self.value);`,
          );
          file.line('try zrpc_child.zrpcDecode(zrpc_arena, &zrpc_inner);');
          file.line('zrpc_self.value = zrpc_child;');
        });
        return;
      }
      const value: ValueKind =
        field.mapKind === 'scalar'
          ? scalarKind(field.scalar)
          : { codec: 'enum', wire: 'varint', type: file.typeName(field.enum) };
      arm(file, value.wire, () =>
        file.line(`zrpc_self.value = ${readCall(value, 'zrpc_reader')};`),
      );
    },
    ',',
  );
}
