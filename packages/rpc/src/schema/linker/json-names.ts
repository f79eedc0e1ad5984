import type { SchemaFile } from './schema-file.ts';
import type { FieldSymbol, MessageSymbol } from './symbols.ts';

/** Gives every field of a file that says none its name in JSON. */
export function jsonNames(file: SchemaFile): void {
  for (const message of file.messages) nameFields(message);
  for (const extension of file.extensions) nameField(extension);
}

function nameFields(message: MessageSymbol): void {
  for (const field of message.fields) nameField(field);
  for (const extension of message.extensions) nameField(extension);
  for (const nested of message.messages) nameFields(nested);
}

function nameField({ proto }: FieldSymbol): void {
  if (!Object.hasOwn(proto, 'jsonName')) proto.jsonName = jsonNameOf(proto.name);
}

/** `foo_bar` is `fooBar` in JSON; a capital first letter stays. */
export function jsonNameOf(fieldName: string): string {
  return fieldName.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}
