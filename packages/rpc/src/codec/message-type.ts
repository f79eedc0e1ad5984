import type { JsonReadOptions, JsonValue, JsonWriteOptions } from './json-value.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * A message type of a `.proto` file, as the generator writes it: one specialised function for each
 * job, no reflection.
 *
 * The messages themselves are plain objects. Fields have their lowerCamelCase names; a field with
 * presence (`optional`, a message) may be undefined; a oneof is `{ case, value }` or
 * `{ case: undefined }`; a map is a `Record`; 64-bit integers are bigint, or number or string where the field
 * says `jstype`; bytes are Uint8Array; `$unknown` holds the bytes of unknown fields, in their order.
 */
// biome-ignore lint/suspicious/noExplicitAny: a message type is invariant in T, and callers hold them in lists.
export interface MessageType<T extends object = any> {
  /** `package.Message` */
  readonly typeName: string;
  /** A message with every field set: from `init`, else its default. */
  create(init?: MessageInit<T>): T;
  /** Appends the message without a length. Absent fields are left out. */
  encode(message: MessageInit<T>, writer: Writer): void;
  /**
   * Reads up to the offset `end`, or the end of the group that the reader has opened. `into` is for
   * a field that comes twice, whose messages are merged: what an earlier call for the same field has
   * returned.
   * @throws RpcError invalid_argument for bytes that are no such message.
   */
  decode(reader: Reader, end: number, into?: T): T;
  /** The canonical JSON mapping of protobuf. */
  toJson(message: MessageInit<T>, options?: JsonWriteOptions): JsonValue;
  /** @throws RpcError invalid_argument that names the field. */
  fromJson(json: JsonValue, options?: JsonReadOptions): T;
}

/** What a message may be made from: any of its fields, at any depth. */
export type MessageInit<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer U)[]
    ? readonly MessageInit<U>[]
    : T extends object
      ? { readonly [K in keyof T]?: MessageInit<T[K]> | undefined }
      : T;
