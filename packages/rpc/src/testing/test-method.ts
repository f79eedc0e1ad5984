import type { MessageType } from '../codec/message-type.ts';
import type { OpenOptions } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';

/** A unary method of no known idempotency, for tests at the level of a Transport: its messages are bytes only. */
export function testMethod(changes: Partial<MethodInfo> = {}): MethodInfo {
  return {
    path: '/test.Service/Method',
    name: 'Method',
    kind: 'unary',
    idempotency: 'unknown',
    input: bytesOnly,
    output: bytesOnly,
    ...changes,
  };
}

/** Without metadata and deadline. */
export function testOpenOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY, ...changes };
}

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function never(): never {
  throw new Error('messages of this test are bytes only');
}

const bytesOnly: MessageType = {
  typeName: 'test.Bytes',
  create: never,
  encode: never,
  decode: never,
  toJson: never,
  fromJson: never,
};
