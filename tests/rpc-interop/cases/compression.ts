import { deepEqual, equal } from 'node:assert/strict';
import type { CallOptions, MessageInit, Transport } from '@zeke/rpc';
import type {
  SimpleResponse,
  StreamingInputCallRequest,
  StreamingInputCallResponse,
  StreamingOutputCallResponse,
} from '../gen/grpc/testing/messages_pb.ts';
import { TestService, type TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { failureOf } from './failure.ts';
import { checkBody, largeRequest, largeResponseBytes, zeros } from './payloads.ts';
import { type Exchange, type Outgoing, rawCall } from './raw-call.ts';

/*
 * Whether one message was compressed is seen, and chosen, below the typed client only, so most of
 * these cases open their calls at the transport.
 */

/** `probes`: the server refuses a request that should have been compressed and is not. */
export async function clientCompressedUnary(
  client: TestServiceClient,
  probes: boolean,
): Promise<void> {
  const call = (expected: boolean, options: CallOptions) =>
    client.unaryCall({ ...largeRequest, expectCompressed: { value: expected } }, options);
  if (probes) equal((await failureOf(call(true, {}))).code, 'invalid_argument');
  checkBody((await call(true, { compression: 'gzip' })).payload, largeResponseBytes);
  checkBody((await call(false, {})).payload, largeResponseBytes);
}

export async function serverCompressedUnary(transport: Transport): Promise<void> {
  for (const value of [true, false]) {
    const request = { ...largeRequest, responseCompressed: { value } };
    const { responses, error } = await rawCall<SimpleResponse>(
      transport,
      TestService.methods.unaryCall,
      [{ message: request, compress: false }],
    );
    equal(error, undefined);
    deepEqual(sizes(responses), [largeResponseBytes]);
    deepEqual(flags(responses), [value]);
  }
}

/** `probes` as for `clientCompressedUnary`. */
export async function clientCompressedStreaming(
  transport: Transport,
  probes: boolean,
): Promise<void> {
  const method = TestService.methods.streamingInputCall;
  const message = (size: number, expected: boolean, compress: boolean) => {
    const request: MessageInit<StreamingInputCallRequest> = {
      expectCompressed: { value: expected },
      payload: zeros(size),
    };
    return { message: request, compress };
  };
  const call = (messages: Outgoing[]) =>
    rawCall<StreamingInputCallResponse>(transport, method, messages);
  if (probes) {
    const { error } = await call([message(27_182, true, false)]);
    equal(error?.code, 'invalid_argument');
  }
  const both = [message(27_182, true, true), message(45_904, false, false)];
  const { responses, error } = await call(both);
  equal(error, undefined);
  deepEqual(
    responses.map(({ message: { aggregatedPayloadSize } }) => aggregatedPayloadSize),
    [73_086],
  );
}

export async function serverCompressedStreaming(transport: Transport): Promise<void> {
  const responseParameters = [
    { size: 31_415, compressed: { value: true } },
    { size: 92_653, compressed: { value: false } },
  ];
  const { responses, error } = await rawCall<StreamingOutputCallResponse>(
    transport,
    TestService.methods.streamingOutputCall,
    [{ message: { responseParameters }, compress: false }],
  );
  equal(error, undefined);
  deepEqual(sizes(responses), [31_415, 92_653]);
  deepEqual(flags(responses), [true, false]);
}

type Responses = Exchange<SimpleResponse | StreamingOutputCallResponse>['responses'];

function sizes(responses: Responses): (number | undefined)[] {
  return responses.map(({ message }) => message.payload?.body.length);
}

function flags(responses: Responses): boolean[] {
  return responses.map(({ compressed }) => compressed);
}
