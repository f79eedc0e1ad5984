/** What `JSON.parse` returns. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | { [name: string]: JsonValue };

export interface JsonReadOptions {
  /** Leave out fields that the message does not have, instead of an error. Default false. */
  readonly ignoreUnknownFields?: boolean;
}

export interface JsonWriteOptions {
  /** Write fields that have their default value and no presence. Default false. */
  readonly alwaysEmitImplicit?: boolean;
  /** `field_name` as in the `.proto` instead of `fieldName`. Default false. */
  readonly useProtoFieldName?: boolean;
  /** Enum values as numbers. Default false. */
  readonly enumAsInteger?: boolean;
}
