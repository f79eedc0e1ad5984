import { codeNumber } from '../core/status.ts';
import {
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from '../gen/google/rpc/error_details_pb.ts';
import { Status } from '../gen/google/rpc/status_pb.ts';
import type { ErrorDetail, RpcError } from '../rpc-error.ts';
import type { JsonValue } from './json-value.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import { durationOfMs } from './time.ts';
import { createTypeRegistry, type TypeRegistry } from './type-registry.ts';
import { typeNameOfUrl } from './well-known-json.ts';

/** More details than this in one error are left out. */
export const maxErrorDetails = 100;

const urlPrefix = 'type.googleapis.com/';

const standardTypes: TypeRegistry = createTypeRegistry(
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
);

/**
 * The `google.rpc.Status` of an error, as gRPC sends it in `grpc-status-details-bin`.
 *
 * A detail is sent when its value is a Uint8Array, or a message of `google.rpc` or of `registry`;
 * others mean nothing outside of this process and are left out.
 *
 * @returns undefined when there is no detail to send.
 */
export function encodeStatusDetails(
  error: RpcError,
  registry?: TypeRegistry,
): Uint8Array | undefined {
  const details = error.details
    .slice(0, maxErrorDetails)
    .map(({ type, value }) => ({
      typeUrl: urlPrefix + type,
      value: bytesOf(type, value, registry),
    }))
    .filter(({ value }) => value !== undefined);
  if (details.length === 0) return undefined;
  const message = error.message.toWellFormed();
  return encodeMessage(Status, { code: codeNumber(error.code), message, details });
}

/**
 * The details in the bytes of a `google.rpc.Status`: messages of `google.rpc` and of `registry`, and
 * a Uint8Array where the type is not known. Bytes that are no Status have none: an error must not
 * hide behind another about its details.
 */
export function decodeStatusDetails(
  bytes: Uint8Array | undefined,
  registry?: TypeRegistry,
): ErrorDetail[] {
  const status = bytes && tryDecode(Status, bytes);
  if (status === undefined) return [];
  return status.details
    .slice(0, maxErrorDetails)
    .map(({ typeUrl, value }) => detailOfBytes(typeNameOfUrl(typeUrl), value, registry));
}

/** A detail from the name of its type and the bytes of its message; the bytes where it is unknown. */
export function detailOfBytes(
  type: string,
  bytes: Uint8Array,
  registry?: TypeRegistry,
): ErrorDetail {
  const known = typeOf(type, registry);
  return { type, value: (known && tryDecode(known, bytes)) ?? bytes };
}

/** The bytes of a detail's message, and its JSON where the type is known; undefined: it is not sent. */
export function detailToBytes(
  { type, value }: ErrorDetail,
  registry?: TypeRegistry,
): { readonly bytes: Uint8Array; readonly json?: JsonValue } | undefined {
  const bytes = bytesOf(type, value, registry);
  if (bytes === undefined) return undefined;
  const known = typeOf(type, registry);
  const message = known && tryDecode(known, bytes);
  return known === undefined || message === undefined
    ? { bytes }
    : { bytes, json: known.toJson(message) };
}

/** The first detail of this type, also of an error whose details came as bytes. */
export function errorDetailOf<T extends object>(
  error: RpcError,
  type: MessageType<T>,
): T | undefined {
  const value = error.detail<T | Uint8Array>(type.typeName);
  return value instanceof Uint8Array ? tryDecode(type, value) : value;
}

/** A detail of any message type. */
export function errorDetail<T extends object>(
  type: MessageType<T>,
  init: MessageInit<T>,
): ErrorDetail {
  return { type: type.typeName, value: type.create(init) };
}

/** Why it failed, for programs: a constant `reason` of the `domain` that defines it. */
export function errorInfo(init: MessageInit<ErrorInfo>): ErrorDetail {
  return errorDetail(ErrorInfo, init);
}

/** The same call may succeed after this time, in milliseconds. */
export function retryInfo(delayMs: number): ErrorDetail {
  return errorDetail(RetryInfo, { retryDelay: durationOfMs(delayMs) });
}

/** What was wrong with the fields of the request. */
export function badRequest(
  ...fieldViolations: readonly MessageInit<BadRequest['fieldViolations'][number]>[]
): ErrorDetail {
  return errorDetail(BadRequest, { fieldViolations });
}

/** Which conditions do not hold that the call needs. */
export function preconditionFailure(
  ...violations: readonly MessageInit<PreconditionFailure['violations'][number]>[]
): ErrorDetail {
  return errorDetail(PreconditionFailure, { violations });
}

/** Which limits were exceeded. */
export function quotaFailure(
  ...violations: readonly MessageInit<QuotaFailure['violations'][number]>[]
): ErrorDetail {
  return errorDetail(QuotaFailure, { violations });
}

/** What to tell to who runs the service. */
export function requestInfo(init: MessageInit<RequestInfo>): ErrorDetail {
  return errorDetail(RequestInfo, init);
}

/** What the call wanted to use. */
export function resourceInfo(init: MessageInit<ResourceInfo>): ErrorDetail {
  return errorDetail(ResourceInfo, init);
}

/** Where help is. */
export function help(...links: readonly MessageInit<Help['links'][number]>[]): ErrorDetail {
  return errorDetail(Help, { links });
}

/** A message for users, in the language `locale` of BCP 47. */
export function localizedMessage(locale: string, message: string): ErrorDetail {
  return errorDetail(LocalizedMessage, { locale, message });
}

/** What developers of the server want to know: never for clients outside. */
export function debugInfo(init: MessageInit<DebugInfo>): ErrorDetail {
  return errorDetail(DebugInfo, init);
}

function bytesOf(
  typeName: string,
  value: unknown,
  registry: TypeRegistry | undefined,
): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const type = typeOf(typeName, registry);
  if (type === undefined || typeof value !== 'object' || value === null) return undefined;
  try {
    return encodeMessage(type, value);
  } catch {
    // The error itself matters more than a detail that cannot be written.
    return undefined;
  }
}

function typeOf(typeName: string, registry: TypeRegistry | undefined): MessageType | undefined {
  return standardTypes.message(typeName) ?? registry?.message(typeName);
}

function tryDecode<T extends object>(type: MessageType<T>, bytes: Uint8Array): T | undefined {
  try {
    return decodeMessage(type, bytes);
  } catch {
    return undefined;
  }
}
