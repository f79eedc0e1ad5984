import { RpcError } from '../rpc-error.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import type { TypeRegistry } from './type-registry.ts';

/** What an Any holds is bytes already, so nothing in it is at fault. */
const anyMessages: TypeRegistry = {
  message: (typeName) => ({
    typeName,
    create: () => ({}),
    encode: () => {},
    decode(reader, end) {
      reader.position = end;
      return {};
    },
    toJson: () => ({}),
    fromJson: () => ({}),
  }),
  extension: () => undefined,
  extensionOf: () => undefined,
};

/**
 * Why a message cannot be encoded, with the path of the field. Code of the generator does not know
 * names, the JSON mapping does and refuses the same values: it is asked once something is wrong.
 *
 * @returns undefined when it finds nothing.
 */
export function locatedFault<T extends object>(
  type: MessageType<T>,
  message: MessageInit<T>,
): RpcError | undefined {
  try {
    type.toJson(message, { registry: anyMessages });
    return undefined;
  } catch (fault) {
    return fault instanceof RpcError ? fault : undefined;
  }
}
