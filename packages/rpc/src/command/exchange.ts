import type { DescMethod } from '@bufbuild/protobuf';
import type { Transport } from '../core/call.ts';
import {
  type CallOptions,
  callBidiStream,
  callClientStream,
  callServerStream,
  callUnary,
} from '../core/client.ts';
import { methodInfoOf } from './schema/find-symbol.ts';

/** What a method is sent: one message, or messages as they are taken. */
export type Requests =
  | { readonly kind: 'one'; readonly message: object }
  | { readonly kind: 'many'; readonly messages: AsyncIterable<object> };

/** Whether a method takes a stream of messages. */
export function takesStream({ methodKind }: DescMethod): boolean {
  return methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
}

/** Whether a method answers with a stream of messages. */
export function answersStream({ methodKind }: DescMethod): boolean {
  return methodKind === 'server_streaming' || methodKind === 'bidi_streaming';
}

/**
 * Makes a call of any kind. Its responses are read as fast as they are taken; who stops taking them
 * cancels it.
 * @throws RpcError the status of the call, or what the requests have thrown.
 */
export async function* exchange(
  transport: Transport,
  method: DescMethod,
  requests: Requests,
  options: CallOptions,
): AsyncGenerator<object> {
  const info = methodInfoOf(method);
  if (answersStream(method)) {
    yield* requests.kind === 'one'
      ? callServerStream(transport, info, requests.message, options)
      : callBidiStream(transport, info, requests.messages, options);
  } else {
    yield await (requests.kind === 'one'
      ? callUnary(transport, info, requests.message, options)
      : callClientStream(transport, info, requests.messages, options));
  }
}
