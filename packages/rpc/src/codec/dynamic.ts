import type { DescEnum, DescExtension, DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { type Extension, extension } from './extension.ts';
import { fieldShapeOf } from './field-shape.ts';
import { type EnumType, enumType, type FieldSpec, FieldTable } from './field-table.ts';
import type { Properties } from './field-value.ts';
import type { MessageType } from './message-type.ts';
import { tableMessageType } from './table-type.ts';
import type { TypeRegistry } from './type-registry.ts';

/** One type for each descriptor: messages refer to each other in circles. */
const messageTypes = new WeakMap<DescMessage, MessageType<Properties>>();
const enumTypes = new WeakMap<DescEnum, EnumType>();

/**
 * The message type of a descriptor of protobuf-es: for the command, for clients of reflection and
 * wherever a type comes at run time. Its messages have the shape that generated code gives them.
 */
export function dynamicMessageType(desc: DescMessage): MessageType<Properties> {
  const known = messageTypes.get(desc);
  if (known !== undefined) return known;
  const table = new FieldTable(desc.typeName, () => desc.fields.map(fieldSpecOf));
  const type = tableMessageType(table);
  messageTypes.set(desc, type);
  return type;
}

/** All types of a registry of protobuf-es: for the JSON of `google.protobuf.Any` and extensions. */
export function dynamicTypeRegistry(registry: Registry): TypeRegistry {
  return {
    message(typeName) {
      const desc = registry.getMessage(typeName);
      return desc && dynamicMessageType(desc);
    },
    extension(typeName) {
      const desc = registry.getExtension(typeName);
      return desc && dynamicExtension(desc);
    },
    extensionOf(extendee, number) {
      const message = registry.getMessage(extendee);
      const desc = message && registry.getExtensionFor(message, number);
      return desc && dynamicExtension(desc);
    },
  };
}

function dynamicExtension(desc: DescExtension): Extension<Properties, unknown> {
  return extension(desc.typeName, desc.extendee.typeName, () => fieldSpecOf(desc));
}

function fieldSpecOf(field: DescField | DescExtension): FieldSpec {
  const shape = fieldShapeOf(field);
  const { type } = shape;
  if (typeof type === 'string') return { ...shape, type };
  return { ...shape, type: type.kind === 'enum' ? enumTypeOf(type) : dynamicMessageType(type) };
}

function enumTypeOf(desc: DescEnum): EnumType {
  const known = enumTypes.get(desc);
  if (known !== undefined) return known;
  const numbers = Object.fromEntries(desc.values.map(({ name, number }) => [name, number]));
  const type = enumType(desc.typeName, numbers, !desc.open);
  enumTypes.set(desc, type);
  return type;
}
