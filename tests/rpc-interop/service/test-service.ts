import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallContext,
  codes,
  createServer,
  type MessageInit,
  RpcError,
  type Server,
} from '@zeke/rpc';
import { addReflection } from '@zeke/rpc/services';
import type {
  EchoStatus,
  Payload,
  StreamingOutputCallRequest,
  StreamingOutputCallResponse,
} from '../gen/grpc/testing/messages_pb.ts';
import { TestService, type TestServiceHandlers } from '../gen/grpc/testing/test_pb.ts';
import { expectCompression } from './expect-compression.ts';

/** What the server sends back in its header and its trailer, if a call has it. */
export const echoedHeader = 'x-grpc-test-echo-initial';
export const echoedTrailer = 'x-grpc-test-echo-trailing-bin';

/** What every test server of gRPC serves, on our library. */
export function createTestServer(): Server {
  const server = createServer({ interceptors: [expectCompression] });
  addReflection(server.add(TestService, testHandlers));
  return server;
}

/**
 * The behaviour of a test server.
 * Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md (Server).
 */
export const testHandlers: Partial<TestServiceHandlers> = {
  emptyCall: () => ({}),

  unaryCall({ responseStatus, responseType, responseSize, responseCompressed }, context) {
    if (responseCompressed !== undefined) context.compress = responseCompressed.value;
    echoMetadata(context);
    checkStatus(responseStatus);
    return { payload: payloadOf(responseType, responseSize) };
  },

  cacheableUnaryCall(_request, context) {
    context.sendHeader({ 'cache-control': 'max-age=60, public' });
    return { payload: { body: new TextEncoder().encode(String(process.hrtime.bigint())) } };
  },

  streamingOutputCall: (request, context) => responsesTo(request, context),

  async streamingInputCall(requests) {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  },

  async *fullDuplexCall(requests, context) {
    echoMetadata(context);
    for await (const request of requests) {
      checkStatus(request.responseStatus);
      yield* responsesTo(request, context);
    }
  },

  async *halfDuplexCall(requests, context) {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* responsesTo(request, context);
  },
};

function echoMetadata(context: CallContext): void {
  const text = context.metadata.get(echoedHeader);
  if (text !== undefined) context.sendHeader({ [echoedHeader]: text });
  const bytes = context.metadata.getBytes(echoedTrailer);
  if (bytes !== undefined) context.trailer.append(echoedTrailer, bytes);
}

/** @throws RpcError the status that the client asks for. */
function checkStatus(status: EchoStatus | undefined): void {
  if (status === undefined || status.code === 0) return;
  throw new RpcError(codes[status.code - 1] ?? 'unknown', status.message);
}

async function* responsesTo(
  { responseParameters, responseType }: StreamingOutputCallRequest,
  context: CallContext,
): AsyncGenerator<MessageInit<StreamingOutputCallResponse>> {
  for (const { size, intervalUs, compressed } of responseParameters) {
    if (intervalUs > 0) await delay(intervalUs / 1_000, undefined, { signal: context.signal });
    if (compressed !== undefined) context.compress = compressed.value;
    yield { payload: payloadOf(responseType, size) };
  }
}

/** @throws RpcError invalid_argument for a type or a size that is none. */
function payloadOf(type: number, size: number): MessageInit<Payload> {
  if (type !== 0) throw new RpcError('invalid_argument', `there is no type of payload ${type}`);
  if (size < 0) throw new RpcError('invalid_argument', `a payload cannot have ${size} bytes`);
  return { type, body: new Uint8Array(size) };
}
