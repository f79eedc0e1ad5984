import type { DescriptorProto, EnumDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from '../linker/schema-file.ts';
import type { DeclaredSymbol } from '../linker/symbols.ts';

/** Reports names that are reserved twice, and members of such a name. */
export function validateReservedNames(
  file: SchemaFile,
  proto: DescriptorProto | EnumDescriptorProto,
  members: readonly DeclaredSymbol[],
): void {
  const names = new Set<string>();
  for (const [index, name] of proto.reservedName.entries()) {
    if (names.has(name)) {
      file.report(proto, 'reserved-name', `${name} is reserved twice; remove one`, index);
    }
    names.add(name);
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    const place = file.place(proto, 'reserved-name', index);
    file.source?.warn(place, `"${name}" cannot be a name; reserve what was one`);
  }
  for (const member of members) {
    if (!names.has(member.proto.name)) continue;
    file.report(member.proto, 'name', `${member.proto.name} is reserved; use another name`);
  }
}
