import type { TypeRegistry } from './type-registry.ts';

/** What `JSON.parse` returns. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [name: string]: JsonValue };

export interface JsonReadOptions {
  /**
   * Leave out fields that the message does not have and names that an enum does not have, instead of
   * an error. Default false.
   */
  readonly ignoreUnknownFields?: boolean;
  /** The types that a `google.protobuf.Any` may hold, and extensions. Default none. */
  readonly registry?: TypeRegistry;
}

export interface JsonWriteOptions {
  /** Write fields that have their default value and no presence. Default false. */
  readonly alwaysEmitImplicit?: boolean;
  /** `field_name` as in the `.proto` instead of `fieldName`. Default false. */
  readonly useProtoFieldName?: boolean;
  /** Enum values as numbers. Default false. */
  readonly enumAsInteger?: boolean;
  /** The types that a `google.protobuf.Any` may hold, and extensions. Default none. */
  readonly registry?: TypeRegistry;
}
