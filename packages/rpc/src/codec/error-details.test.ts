import { expect, test } from 'bun:test';
import { ErrorInfo, RetryInfo } from '../gen/google/rpc/error_details_pb.ts';
import { Status } from '../gen/google/rpc/status_pb.ts';
import { RpcError } from '../rpc-error.ts';
import { packAny, unpackAny } from './any.ts';
import {
  badRequest,
  debugInfo,
  decodeStatusDetails,
  encodeStatusDetails,
  errorDetail,
  errorDetailOf,
  errorInfo,
  help,
  localizedMessage,
  preconditionFailure,
  quotaFailure,
  requestInfo,
  resourceInfo,
  retryInfo,
} from './error-details.ts';
import { HelloRequest } from './fixtures/gen/zrpc/test/greeter_pb.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import { msOfDuration } from './time.ts';
import { createTypeRegistry } from './type-registry.ts';

const standard = [
  errorInfo({ reason: 'API_DISABLED', domain: 'example.com', metadata: { service: 'x' } }),
  retryInfo(1_500),
  badRequest({ field: 'items[1].name', description: 'is empty' }),
  preconditionFailure({ type: 'TOS', subject: 'example.com', description: 'accept the terms' }),
  quotaFailure({ subject: 'project:1', quotaValue: 2n ** 40n, futureQuotaValue: 0n }),
  requestInfo({ requestId: 'r-1' }),
  resourceInfo({ resourceType: 'file', resourceName: 'x.txt' }),
  help({ description: 'manual', url: 'https://example.com' }),
  localizedMessage('de-DE', 'Das ging nicht.'),
  debugInfo({ stackEntries: ['a', 'b'] }),
];

test('standard details come back as messages', () => {
  const bytes = encodeStatusDetails(new RpcError('not_found', 'no file', { details: standard }));
  expect(decodeStatusDetails(bytes!)).toEqual(standard);
  const status = decodeMessage(Status, bytes!);
  expect(status).toMatchObject({ code: 5, message: 'no file' });
  expect(status.details[0]?.typeUrl).toBe('type.googleapis.com/google.rpc.ErrorInfo');
});

test('an error without details that can be sent has no status', () => {
  expect(encodeStatusDetails(new RpcError('internal', 'x'))).toBeUndefined();
  const local = { type: 'local.Problem', value: { line: 1 } };
  expect(encodeStatusDetails(new RpcError('internal', 'x', { details: [local] }))).toBeUndefined();
  const wrong = { type: 'google.rpc.ErrorInfo', value: { reason: 5 } };
  expect(encodeStatusDetails(new RpcError('internal', 'x', { details: [wrong] }))).toBeUndefined();
});

test('details of other types stay bytes unless their type is in the registry', () => {
  const registry = createTypeRegistry(HelloRequest);
  const detail = errorDetail(HelloRequest, { name: 'Ada' });
  const error = new RpcError('aborted', 'x', { details: [detail] });
  const bytes = encodeStatusDetails(error, registry)!;
  expect(decodeStatusDetails(bytes, registry)).toEqual([detail]);
  const [raw] = decodeStatusDetails(bytes);
  expect(raw).toEqual({
    type: 'zrpc.test.HelloRequest',
    value: encodeMessage(HelloRequest, { name: 'Ada' }),
  });
  const remote = new RpcError('aborted', 'x', { details: [raw!] });
  expect(encodeStatusDetails(remote)).toEqual(bytes);
  expect(errorDetailOf(remote, HelloRequest)).toEqual(HelloRequest.create({ name: 'Ada' }));
});

test('bytes that are no status have no details, and a broken detail stays bytes', () => {
  expect(decodeStatusDetails(Uint8Array.of(0xff))).toEqual([]);
  const value = Uint8Array.of(0x0a, 0x05);
  const bytes = encodeMessage(Status, {
    code: 3,
    details: [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value }],
  });
  expect(decodeStatusDetails(bytes)).toEqual([{ type: 'google.rpc.ErrorInfo', value }]);
});

test('a typed detail is found by its type', () => {
  const error = new RpcError('unavailable', 'x', { details: standard });
  expect(errorDetailOf(error, ErrorInfo)?.reason).toBe('API_DISABLED');
  expect(msOfDuration(errorDetailOf(error, RetryInfo)?.retryDelay ?? {})).toBe(1_500);
  expect(errorDetailOf(error, HelloRequest)).toBeUndefined();
});

test('an Any gives its message to who knows the type', () => {
  const any = packAny(HelloRequest, { name: 'Ada' });
  expect(any.typeUrl).toBe('type.googleapis.com/zrpc.test.HelloRequest');
  expect(unpackAny(any, HelloRequest)?.name).toBe('Ada');
  expect(unpackAny(any, ErrorInfo)).toBeUndefined();
});
