import type { SchemaFile } from './schema-file.ts';
import type { ExtensionTable, FieldSymbol, MessageSymbol } from './symbols.ts';

/** Puts a file's extensions into the table; a number of a message that is taken is reported. */
export function indexExtensions(file: SchemaFile, table: ExtensionTable): void {
  for (const message of file.messages) addWithin(message, table);
  for (const extension of file.extensions) add(extension, table);
}

function addWithin(message: MessageSymbol, table: ExtensionTable): void {
  for (const extension of message.extensions) add(extension, table);
  for (const nested of message.messages) addWithin(nested, table);
}

function add(extension: FieldSymbol, table: ExtensionTable): void {
  const { proto, owner, file } = extension;
  if (owner === undefined) return;
  const key = `${owner.fullName} ${proto.number}`;
  const other = table.get(key);
  if (other === undefined) {
    table.set(key, extension);
    return;
  }
  const where = `${other.fullName} in ${other.file.proto.name}`;
  file.report(
    proto,
    'number',
    `${owner.fullName} has the extension ${proto.number} already, ${where}; use another number`,
  );
}
