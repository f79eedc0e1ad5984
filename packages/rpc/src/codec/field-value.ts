import { type Field, isEnumType } from './field-table.ts';
import { noBytes } from './unknown-fields.ts';

/** A message whose fields are known at run time only. */
export interface Properties {
  [name: string]: unknown;
  $unknown?: Uint8Array | undefined;
}

/** The value of a oneof. */
export interface Oneof {
  readonly case?: string | undefined;
  readonly value?: unknown;
}

/** The value of a field, undefined when it is absent. */
export function fieldValue(field: Field, message: Readonly<Properties>): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const oneof = message[field.oneof] as Oneof | undefined;
  return oneof?.case === field.localName ? oneof.value : undefined;
}

/** What a field has that is absent from a message: undefined where its absence shows. */
export function defaultValue(field: Field): unknown {
  switch (field.label) {
    case 'repeated':
      return [];
    case 'map':
      return {};
    case 'optional':
      return undefined;
    default:
      return zeroOf(field);
  }
}

/** Whether a value is the default of a field without presence. */
export function isDefault(field: Field, value: unknown): boolean {
  switch (field.type) {
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'bytes':
      return value instanceof Uint8Array && value.length === 0;
    case 'double':
    case 'float':
      // -0 is not the default.
      return Object.is(value, 0);
    default:
      return value === 0 || value === 0n || value === '0';
  }
}

/** Zero or empty; the first number of an enum; undefined for a message. */
export function zeroOf(field: Field): unknown {
  switch (field.type) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'bytes':
      return noBytes;
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      if (field.jsType === undefined) return 0n;
      return field.jsType === 'number' ? 0 : '0';
    default:
      break;
  }
  if (typeof field.type === 'string') return 0;
  return isEnumType(field.type) ? (Object.values(field.type.numbers)[0] ?? 0) : undefined;
}
