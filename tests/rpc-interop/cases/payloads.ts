import { equal, ok } from 'node:assert/strict';
import type { MessageInit } from '@zeke/rpc';
import type {
  Payload,
  SimpleRequest,
  StreamingOutputCallRequest,
} from '../gen/grpc/testing/messages_pb.ts';

/** The sizes of the description, in bytes. */
export const largeResponseBytes = 314_159;
export const requestBytes: readonly number[] = [27_182, 8, 1_828, 45_904];
export const responseBytes: readonly number[] = [31_415, 9, 2_653, 58_979];

export const largeRequest: MessageInit<SimpleRequest> = {
  responseSize: largeResponseBytes,
  payload: zeros(271_828),
};

export function zeros(size: number): MessageInit<Payload> {
  return { body: new Uint8Array(size) };
}

/** One request of `ping_pong`: this many bytes for that many. */
export function pingRequest(index: number): MessageInit<StreamingOutputCallRequest> {
  return {
    responseParameters: [{ size: responseBytes[index] ?? 0 }],
    payload: zeros(requestBytes[index] ?? 0),
  };
}

/** @throws AssertionError unless the payload is this many zeros. */
export function checkBody(payload: Payload | undefined, size: number): void {
  equal(payload?.body.length, size);
  ok(payload?.body.every((byte) => byte === 0));
}
