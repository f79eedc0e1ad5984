import { equal } from 'node:assert/strict';
import type { MessageInit } from '@zeke/rpc';
import type {
  StreamingInputCallRequest,
  StreamingOutputCallRequest,
} from '../gen/grpc/testing/messages_pb.ts';
import type { TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { checkBody, pingRequest, requestBytes, responseBytes, zeros } from './payloads.ts';

export async function clientStreaming(client: TestServiceClient): Promise<void> {
  async function* requests(): AsyncGenerator<MessageInit<StreamingInputCallRequest>> {
    for (const size of requestBytes) yield { payload: zeros(size) };
  }
  const { aggregatedPayloadSize } = await client.streamingInputCall(requests());
  equal(aggregatedPayloadSize, 74_922);
}

export async function serverStreaming(client: TestServiceClient): Promise<void> {
  const responseParameters = responseBytes.map((size) => ({ size }));
  let count = 0;
  for await (const { payload } of client.streamingOutputCall({ responseParameters })) {
    checkBody(payload, responseBytes[count++] ?? -1);
  }
  equal(count, responseBytes.length);
}

/** Each request waits for the response to the one before. */
export async function pingPong(client: TestServiceClient): Promise<void> {
  const answered = requestBytes.map(() => Promise.withResolvers<void>());
  async function* requests(): AsyncGenerator<MessageInit<StreamingOutputCallRequest>> {
    for (const [index, { promise }] of answered.entries()) {
      yield pingRequest(index);
      await promise;
    }
  }
  let count = 0;
  for await (const { payload } of client.fullDuplexCall(requests())) {
    checkBody(payload, responseBytes[count] ?? -1);
    answered[count++]?.resolve();
  }
  equal(count, responseBytes.length);
}

export async function emptyStream(client: TestServiceClient): Promise<void> {
  async function* requests(): AsyncGenerator<MessageInit<StreamingOutputCallRequest>> {}
  for await (const response of client.fullDuplexCall(requests())) {
    throw new Error(`nothing was asked, but ${JSON.stringify(response).slice(0, 100)} answered`);
  }
}
