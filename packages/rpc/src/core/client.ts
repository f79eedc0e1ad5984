import type { MessageInit, MessageType } from '../codec/message-type.ts';
import type { Transport } from './call.ts';
import { type CallOptions, type MergedOptions, withDefaults } from './call-options.ts';
import type { MethodInfo, ServiceType } from './method.ts';
import { ManyResponses, SingleResponse } from './open-call.ts';

export type { CallOptions } from './call-options.ts';

const noOptions: CallOptions = {};

/**
 * The typed client of a service: for each method a function of the generated client interface. A
 * failed call throws an RpcError.
 *
 *     const greeter = createClient(Greeter, transport);
 *     const { text } = await greeter.sayHello({ name: 'Ada' }, { timeoutMs: 1_000 });
 *     for await (const tick of greeter.watch({})) …
 *
 * `defaults` are the options of calls that do not say otherwise: those that a call leaves out, or
 * sets to `undefined`. Metadata is merged: of a name that both have, the call's own values are sent.
 *
 *     createClient(Greeter, transport, { timeoutMs: 5_000, metadata: { 'x-tenant': 'a' } });
 */
export function createClient<Client>(
  service: ServiceType<Client>,
  transport: Transport,
  defaults: CallOptions = noOptions,
): Client {
  const client: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(service.methods)) {
    client[name] = callerOf(transport, method, defaults);
  }
  return client as Client;
}

function callerOf(transport: Transport, method: MethodInfo, defaults: CallOptions): unknown {
  const merged = (options: CallOptions | undefined): MergedOptions =>
    options === undefined
      ? defaults
      : defaults === noOptions
        ? options
        : withDefaults(options, defaults);
  switch (method.kind) {
    case 'unary':
      return (request: object, options?: CallOptions) =>
        callUnary(transport, method, request, merged(options));
    case 'server-stream':
      return (request: object, options?: CallOptions) =>
        callServerStream(transport, method, request, merged(options));
    case 'client-stream':
      return (requests: AsyncIterable<object>, options?: CallOptions) =>
        callClientStream(transport, method, requests, merged(options));
    case 'bidi-stream':
      return (requests: AsyncIterable<object>, options?: CallOptions) =>
        callBidiStream(transport, method, requests, merged(options));
  }
}

/**
 * One message each way.
 * @throws RpcError the status of the call.
 */
export function callUnary<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  request: MessageInit<I>,
  options: CallOptions = noOptions,
): Promise<O> {
  const sink = new SingleResponse<O>(method, options);
  sink.begin(transport);
  sink.sendOnly(request);
  return sink.promise;
}

/**
 * Many messages there, one back. The requests are taken as fast as the server reads, and their
 * iterator is closed when the call ends first.
 * @throws RpcError the status of the call; what the requests throw cancels it.
 */
export function callClientStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  requests: AsyncIterable<MessageInit<I>>,
  options: CallOptions = noOptions,
): Promise<O> {
  const sink = new SingleResponse<O>(method, options);
  sink.begin(transport);
  sink.sendAll(requests);
  return sink.promise;
}

/**
 * One message there, many back. The call begins at once; leaving the loop cancels it. The iterable
 * can be read once, and throws the RpcError of the call.
 */
export function callServerStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  request: MessageInit<I>,
  options: CallOptions = noOptions,
): AsyncIterableIterator<O> {
  const sink = new ManyResponses<O>(method, options);
  sink.begin(transport);
  sink.sendOnly(request);
  return sink.responses;
}

/** Many messages each way, independent of each other; else as the two above. */
export function callBidiStream<I extends object, O extends object>(
  transport: Transport,
  method: MethodInfo & { readonly input: MessageType<I>; readonly output: MessageType<O> },
  requests: AsyncIterable<MessageInit<I>>,
  options: CallOptions = noOptions,
): AsyncIterableIterator<O> {
  const sink = new ManyResponses<O>(method, options);
  sink.begin(transport);
  sink.sendAll(requests);
  return sink.responses;
}
