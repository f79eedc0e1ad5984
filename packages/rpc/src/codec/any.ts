import type { Any } from '../gen/google/protobuf/any_pb.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import { typeNameOfUrl } from './well-known-json.ts';

/** A message of any type, with the name of its type. */
export function packAny<T extends object>(type: MessageType<T>, message: MessageInit<T>): Any {
  return {
    typeUrl: `type.googleapis.com/${type.typeName}`,
    value: encodeMessage(type, message),
  };
}

/**
 * The message in an Any, undefined when it is of another type.
 *
 * @throws RpcError invalid_argument for bytes that are no such message.
 */
export function unpackAny<T extends object>(any: Any, type: MessageType<T>): T | undefined {
  if (typeNameOfUrl(any.typeUrl) !== type.typeName) return undefined;
  return decodeMessage(type, any.value);
}
