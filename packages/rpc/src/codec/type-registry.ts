import type { Extension } from './extension.ts';
import type { MessageType } from './message-type.ts';

/** Types by name: what the JSON of `google.protobuf.Any` and of extensions needs. */
export interface TypeRegistry {
  /** By `package.Message`. */
  message(typeName: string): MessageType | undefined;
  /** By `package.extension`. */
  extension(typeName: string): Extension | undefined;
  /** By the message that is extended and the field's number. */
  extensionOf(extendee: string, number: number): Extension | undefined;
}

/** A registry of these types; of two with one name the later counts. */
export function createTypeRegistry(...types: readonly (MessageType | Extension)[]): TypeRegistry {
  const messages = new Map<string, MessageType>();
  const extensions = new Map<string, Extension>();
  const numbers = new Map<string, Extension>();
  for (const type of types) {
    if (!('extendee' in type)) {
      messages.set(type.typeName, type);
      continue;
    }
    extensions.set(type.typeName, type);
    numbers.set(`${type.extendee}:${type.field.number}`, type);
  }
  return {
    message: (typeName) => messages.get(typeName),
    extension: (typeName) => extensions.get(typeName),
    extensionOf: (extendee, number) => numbers.get(`${extendee}:${number}`),
  };
}
