import type { JsonValue } from '../../../codec/json-value.ts';
import { decodeMessage, encodeMessage } from '../../../codec/message-bytes.ts';
import type { MessageType } from '../../../codec/message-type.ts';
import type { TypeRegistry } from '../../../codec/type-registry.ts';
import { RpcError } from '../../../rpc-error.ts';

const utf8 = new TextEncoder();
const tolerant = { ignoreUnknownFields: true };
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The protobuf bytes of a message in JSON. Fields that the type does not have are left out, so that
 * an older peer understands a newer one.
 *
 * `registry` has the types of `google.protobuf.Any` and extensions.
 *
 * @throws RpcError invalid_argument for what is no JSON or no such message; it names the field.
 */
export function jsonToBinary(
  type: MessageType,
  bytes: Uint8Array,
  registry: TypeRegistry | undefined,
): Uint8Array {
  const json = parse(type, bytes);
  const options = registry === undefined ? tolerant : { ...tolerant, registry };
  return encodeMessage(type, type.fromJson(json, options));
}

/**
 * The JSON of a message in protobuf bytes.
 * @throws RpcError invalid_argument for bytes that are no such message.
 */
export function binaryToJson(
  type: MessageType,
  bytes: Uint8Array,
  registry: TypeRegistry | undefined,
): Uint8Array {
  const message = decodeMessage(type, bytes);
  const json = registry ? type.toJson(message, { registry }) : type.toJson(message);
  return utf8.encode(JSON.stringify(json));
}

function parse(type: MessageType, bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    text = fromUtf8.decode(bytes);
  } catch (cause) {
    throw new RpcError('invalid_argument', `the JSON of ${type.typeName} is not UTF-8`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it is broken';
    throw new RpcError('invalid_argument', `the message ${type.typeName} is not JSON: ${reason}`, {
      cause,
    });
  }
}
