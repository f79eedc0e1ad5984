import { deepEqual, equal } from 'node:assert/strict';
import type { TestServiceClient, UnimplementedServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { specialMessage } from './case-names.ts';
import { failureOf, read } from './failure.ts';

export async function statusCodeAndMessage(
  client: TestServiceClient,
  fullDuplex: boolean,
): Promise<void> {
  const responseStatus = { code: 2, message: 'test status message' };
  const unary = await failureOf(client.unaryCall({ responseStatus }));
  deepEqual([unary.code, unary.message], ['unknown', responseStatus.message]);
  if (!fullDuplex) return;
  async function* requests() {
    yield { responseStatus };
  }
  const stream = await failureOf(read(client.fullDuplexCall(requests())));
  deepEqual([stream.code, stream.message], ['unknown', responseStatus.message]);
}

export async function specialStatusMessage(client: TestServiceClient): Promise<void> {
  const responseStatus = { code: 2, message: specialMessage };
  const { code, message } = await failureOf(client.unaryCall({ responseStatus }));
  deepEqual([code, message], ['unknown', specialMessage]);
}

export async function unimplementedMethod(client: TestServiceClient): Promise<void> {
  equal((await failureOf(client.unimplementedCall({}))).code, 'unimplemented');
}

export async function unimplementedService(client: UnimplementedServiceClient): Promise<void> {
  equal((await failureOf(client.unimplementedCall({}))).code, 'unimplemented');
}
