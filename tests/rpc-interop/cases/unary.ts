import { deepEqual, equal } from 'node:assert/strict';
import type { TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { checkBody, largeRequest, largeResponseBytes } from './payloads.ts';

export async function emptyUnary(client: TestServiceClient): Promise<void> {
  deepEqual(Object.values(await client.emptyCall({})).filter(Boolean), []);
}

export async function largeUnary(client: TestServiceClient): Promise<void> {
  const { payload } = await client.unaryCall(largeRequest);
  checkBody(payload, largeResponseBytes);
  equal(payload?.type, 0);
}
