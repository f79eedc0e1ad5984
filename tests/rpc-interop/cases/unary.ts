import { deepEqual, equal } from 'node:assert/strict';
import type { TestServiceClient } from '../gen/grpc/testing/test_pb.ts';
import { checkBody, largeRequest, largeResponseBytes } from './payloads.ts';

export async function emptyUnary(client: TestServiceClient): Promise<void> {
  const fields = Object.entries(await client.emptyCall({}));
  deepEqual(
    fields.filter(([name, value]) => name !== '$typeName' && value !== undefined),
    [],
  );
}

export async function largeUnary(client: TestServiceClient): Promise<void> {
  const { payload } = await client.unaryCall(largeRequest);
  checkBody(payload, largeResponseBytes);
  equal(payload?.type, 0);
}
