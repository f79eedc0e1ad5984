import type { FieldTable } from './field-table.ts';
import type { Properties } from './field-value.ts';
import type { JsonReadOptions, JsonValue, JsonWriteOptions } from './json-value.ts';

/** How a well-known type is written in JSON instead of as an object of its fields. */
export interface JsonForm {
  write(message: Properties, options: JsonWriteOptions, table: FieldTable): JsonValue;
  /** Fills a message that has its defaults. */
  read(message: Properties, json: JsonValue, options: JsonReadOptions, table: FieldTable): void;
}
