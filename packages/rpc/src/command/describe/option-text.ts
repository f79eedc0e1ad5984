import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  getExtension,
  hasExtension,
  type Message,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { toBase64 } from '../../codec/base64.ts';

/** An option as a `.proto` file writes it: `deprecated = true`, `(pkg.rule) = { … }`. */
export type OptionText = string;

/** The options that are set in a message of `google.protobuf.*Options`, custom ones included. */
export function optionTexts(
  desc: DescMessage,
  options: Message | undefined,
  registry: FileRegistry,
): OptionText[] {
  if (options === undefined) return [];
  return [...ownTexts(reflect(desc, options)), ...customTexts(options, registry)];
}

function ownTexts(options: ReflectMessage): OptionText[] {
  return options.fields
    .filter((field) => options.isSet(field))
    .flatMap((field) => {
      const value: unknown = options.get(field);
      if (field.fieldKind === 'message' && field.name === 'features') {
        return ownTexts(value as ReflectMessage).map((text) => `features.${text}`);
      }
      return valueTexts(field, value).map((text) => `${field.name} = ${text}`);
    });
}

function customTexts(options: Message, registry: FileRegistry): OptionText[] {
  if (options.$unknown === undefined || options.$unknown.length === 0) return [];
  const texts: OptionText[] = [];
  for (const type of registry) {
    if (type.kind !== 'extension' || type.extendee.typeName !== options.$typeName) continue;
    if (!hasExtension(options, type)) continue;
    const value: unknown = getExtension(options, type);
    texts.push(...valueTexts(type, value).map((text) => `(${type.typeName}) = ${text}`));
  }
  return texts;
}

/** One text, or one for each element of a list. */
function valueTexts(field: DescField | DescExtension, value: unknown): string[] {
  if (field.fieldKind === 'list') {
    return [...(value as Iterable<unknown>)].map((element) => oneText(field, element));
  }
  if (field.fieldKind !== 'map') return [oneText(field, value)];
  const entries = value as Iterable<[unknown, unknown]>;
  return [...entries].map(
    ([key, element]) => `{ key: ${scalarText(key)} value: ${oneText(field, element)} }`,
  );
}

function oneText(field: DescField | DescExtension, value: unknown): string {
  if (field.enum !== undefined) return enumText(field.enum, value as number);
  if (field.message === undefined) return scalarText(value);
  return messageText(field.message, value as Message | ReflectMessage);
}

function messageText(desc: DescMessage, value: Message | ReflectMessage): string {
  const message = 'desc' in value ? (value as ReflectMessage) : reflect(desc, value as Message);
  const parts = message.fields
    .filter((field) => message.isSet(field))
    .flatMap((field) =>
      valueTexts(field, message.get(field)).map((text) => `${field.name}: ${text}`),
    );
  return parts.length === 0 ? '{}' : `{ ${parts.join(' ')} }`;
}

function enumText(desc: DescEnum, number: number): string {
  return desc.value[number]?.name ?? String(number);
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  // Bytes of options are rare; base64 is no proto text, but a person can read it.
  return value instanceof Uint8Array ? JSON.stringify(toBase64(value)) : String(value);
}
