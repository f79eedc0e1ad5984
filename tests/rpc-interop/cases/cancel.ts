import { equal } from 'node:assert/strict';
import type { MessageInit } from '@zeke/rpc';
import type {
  StreamingInputCallRequest,
  StreamingOutputCallRequest,
} from '../gen/grpc/testing/messages_pb.ts';
import type { TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { failureOf, read } from './failure.ts';
import { checkBody, pingRequest, requestBytes, responseBytes, zeros } from './payloads.ts';

export async function cancelAfterBegin(client: TestServiceClient): Promise<void> {
  const abort = new AbortController();
  const call = client.streamingInputCall(silence(), { signal: abort.signal });
  abort.abort();
  equal((await failureOf(call)).code, 'canceled');
}

export async function cancelAfterFirstResponse(client: TestServiceClient): Promise<void> {
  const abort = new AbortController();
  async function* requests(): AsyncGenerator<MessageInit<StreamingOutputCallRequest>> {
    yield pingRequest(0);
    yield* silence<StreamingOutputCallRequest>();
  }
  const responses = client.fullDuplexCall(requests(), { signal: abort.signal });
  const reading = (async () => {
    let count = 0;
    for await (const { payload } of responses) {
      checkBody(payload, responseBytes[0] ?? -1);
      equal(++count, 1);
      abort.abort();
    }
  })();
  equal((await failureOf(reading)).code, 'canceled');
}

export async function timeoutOnSleepingServer(client: TestServiceClient): Promise<void> {
  async function* requests(): AsyncGenerator<MessageInit<StreamingOutputCallRequest>> {
    yield { payload: zeros(requestBytes[0] ?? 0) };
    yield* silence<StreamingOutputCallRequest>();
  }
  const call = read(client.fullDuplexCall(requests(), { timeoutMs: 1 }));
  equal((await failureOf(call)).code, 'deadline_exceeded');
}

/** Nothing is sent, and the direction is not ended either. */
async function* silence<T = StreamingInputCallRequest>(): AsyncGenerator<MessageInit<T>> {
  await new Promise(() => {});
}
