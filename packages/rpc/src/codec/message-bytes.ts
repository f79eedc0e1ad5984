import { RpcError } from '../rpc-error.ts';
import { described } from './json-fault.ts';
import { locatedFault } from './located-fault.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import { Reader } from './reader.ts';
import { noBytes } from './unknown-fields.ts';
import { Writer } from './writer.ts';

/** Shared: to encode and to decode is synchronous and runs no foreign code. */
const writer = new Writer();
const reader = new Reader();

/**
 * The bytes of a message, as an own copy.
 *
 * @throws RpcError invalid_argument for a value that its field cannot hold.
 */
export function encodeMessage<T extends object>(
  type: MessageType<T>,
  message: MessageInit<T>,
): Uint8Array {
  write(type, message);
  return writer.copy();
}

/**
 * The bytes of a message, lent until the next `lendMessage` or `encodeMessage`.
 *
 * @throws RpcError invalid_argument for a value that its field cannot hold.
 */
export function lendMessage<T extends object>(
  type: MessageType<T>,
  message: MessageInit<T>,
): Uint8Array {
  write(type, message);
  return writer.view();
}

/**
 * The message of these bytes; it keeps no reference to them.
 *
 * @throws RpcError invalid_argument for bytes that are no such message.
 */
export function decodeMessage<T extends object>(type: MessageType<T>, bytes: Uint8Array): T {
  reader.reset(bytes);
  try {
    const message = type.decode(reader, bytes.length);
    reader.checkEnd(bytes.length);
    return message;
  } catch (error) {
    throw named(type, error);
  } finally {
    reader.reset(noBytes);
  }
}

function write<T extends object>(type: MessageType<T>, message: MessageInit<T>): void {
  writer.reset();
  try {
    type.encode(message, writer);
  } catch (error) {
    throw noMessage(type, message) ?? locatedFault(type, message) ?? named(type, error);
  }
}

function noMessage(type: MessageType, message: unknown): RpcError | undefined {
  if (typeof message === 'object' && message !== null) return undefined;
  const text = `${type.typeName}: expected a message, not ${described(message)}`;
  return new RpcError('invalid_argument', text);
}

function named(type: MessageType, error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  return new RpcError(error.code, `${type.typeName}: ${error.message}`, { cause: error });
}
