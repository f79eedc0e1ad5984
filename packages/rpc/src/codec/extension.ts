import { RpcError } from '../rpc-error.ts';
import { type Field, type FieldSpec, FieldTable, fieldOf } from './field-table.ts';
import { defaultValue } from './field-value.ts';
import { Reader } from './reader.ts';
import { decodeFields } from './table-decode.ts';
import { encodeField } from './table-encode.ts';
import { Writer } from './writer.ts';

/**
 * An extension of the message `E` with values of the type `V`: a field that another file declares.
 * A message keeps its extensions among its unknown fields.
 */
// biome-ignore lint/suspicious/noExplicitAny: callers hold extensions of different types in lists.
export interface Extension<E extends object = any, V = any> {
  /** `package.extension` */
  readonly typeName: string;
  /** The message that is extended: `package.Message`. */
  readonly extendee: string;
  readonly field: Field;
  /** Never set: carries the two types. */
  readonly types?: { readonly extendee: E; readonly value: V };
}

interface WithUnknown {
  $unknown?: Uint8Array | undefined;
}

/** For the generator. The type of the field is made at its first use. */
export function extension<E extends object, V>(
  typeName: string,
  extendee: string,
  spec: () => Omit<FieldSpec, 'localName' | 'oneof'>,
): Extension<E, V> {
  let field: Field | undefined;
  return {
    typeName,
    extendee,
    get field(): Field {
      field ??= fieldOf({ ...spec(), localName: 'value' });
      return field;
    },
  };
}

/** Whether the message has this extension. */
export function hasExtension<E extends object>(message: E, { field }: Extension<E>): boolean {
  return records(message).some((record) => record.number === field.number);
}

/**
 * The value of an extension. Of one that the message does not have: an empty list where it is
 * repeated, else undefined.
 *
 * @throws RpcError invalid_argument for bytes that are no such value.
 */
export function getExtension<E extends object, V>(
  message: E,
  extension: Extension<E, V>,
): V | undefined {
  const { $unknown } = message as WithUnknown;
  const { field } = extension;
  const holder: { value?: unknown } = { value: defaultValue(field) };
  if ($unknown !== undefined) {
    const reader = new Reader();
    reader.reset($unknown);
    const table = new FieldTable(extension.extendee, () => [field]);
    decodeFields(table, reader, $unknown.length, holder as Record<string, unknown>);
  }
  return holder.value as V | undefined;
}

/**
 * Sets an extension, instead of the value that the message has.
 *
 * @throws RpcError invalid_argument for a value that its type cannot hold.
 */
export function setExtension<E extends object, V>(
  message: E,
  { field }: Extension<E, V>,
  value: V,
): void {
  const writer = new Writer();
  for (const record of records(message)) {
    if (record.number !== field.number) writer.raw(record.bytes);
  }
  encodeField(field, value, writer);
  (message as WithUnknown).$unknown = writer.length === 0 ? undefined : writer.copy();
}

/** Takes an extension from a message. */
export function clearExtension<E extends object>(message: E, { field }: Extension<E>): void {
  const kept = new Writer();
  for (const record of records(message)) {
    if (record.number !== field.number) kept.raw(record.bytes);
  }
  (message as WithUnknown).$unknown = kept.length === 0 ? undefined : kept.copy();
}

/** The numbers of the unknown fields of a message, each once, in the order in which they come. */
export function unknownNumbers(message: object): ReadonlySet<number> {
  return new Set(records(message).map((record) => record.number));
}

interface UnknownRecord {
  readonly number: number;
  readonly bytes: Uint8Array;
}

function records(message: object): readonly UnknownRecord[] {
  const { $unknown } = message as WithUnknown;
  if ($unknown === undefined) return [];
  const reader = new Reader();
  reader.reset($unknown);
  const found: UnknownRecord[] = [];
  while (reader.position < $unknown.length) {
    const start = reader.position;
    const tag = reader.tag();
    if ((tag & 7) === 4) throw new RpcError('invalid_argument', '$unknown: the end of a group');
    reader.skip(tag);
    found.push({ number: tag >>> 3, bytes: $unknown.subarray(start, reader.position) });
  }
  return found;
}
