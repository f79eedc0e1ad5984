import { fromBase64 } from '../../../codec/base64.ts';
import { detailOfBytes, detailToBytes, maxErrorDetails } from '../../../codec/error-details.ts';
import type { TypeRegistry } from '../../../codec/type-registry.ts';
import { type Code, codes, type ErrorDetail, RpcError } from '../../../rpc-error.ts';
import { toUnpaddedBase64 } from './unpadded-base64.ts';

/** An error as Connect writes it: https://connectrpc.com/docs/protocol#error-end-stream. */
export interface ConnectErrorJson {
  readonly code: Code;
  readonly message?: string;
  readonly details?: readonly ConnectDetailJson[];
}

interface ConnectDetailJson {
  readonly type: string;
  readonly value: string;
  readonly debug?: unknown;
}

/** The error as JSON. Its `cause` stays here; `registry` has the types of its details. */
export function connectErrorToJson(error: RpcError, registry?: TypeRegistry): ConnectErrorJson {
  const details: ConnectDetailJson[] = [];
  for (const detail of error.details) {
    const json = writeDetail(detail, registry);
    if (json !== undefined) details.push(json);
  }
  return {
    code: error.code,
    ...(error.message === '' ? undefined : { message: error.message.toWellFormed() }),
    ...(details.length === 0 ? undefined : { details }),
  };
}

/**
 * The error that this JSON stands for. A code that is missing or unknown is `fallback`, and whatever
 * else is not as it should be is left out: the call has failed in any case.
 */
export function connectErrorFromJson(
  json: unknown,
  fallback: Code,
  message: string,
  registry?: TypeRegistry,
): RpcError {
  if (!isObject(json)) return new RpcError(fallback, message);
  const code = codes.find((one) => one === json.code) ?? fallback;
  const text = typeof json.message === 'string' ? json.message : message;
  const details = Array.isArray(json.details) ? json.details.slice(0, maxErrorDetails) : [];
  return new RpcError(code, text, { details: details.flatMap((one) => readDetail(one, registry)) });
}

function writeDetail(
  detail: ErrorDetail,
  registry: TypeRegistry | undefined,
): ConnectDetailJson | undefined {
  const { type } = detail;
  try {
    const wire = detailToBytes(detail, registry);
    if (wire === undefined) return undefined;
    const value = toUnpaddedBase64(wire.bytes);
    return wire.json === undefined ? { type, value } : { type, value, debug: wire.json };
  } catch {
    // The error itself matters more than a detail that has no JSON.
    return undefined;
  }
}

function readDetail(json: unknown, registry: TypeRegistry | undefined): ErrorDetail[] {
  if (!isObject(json) || typeof json.type !== 'string' || typeof json.value !== 'string') return [];
  const bytes = fromBase64(json.value);
  return bytes === undefined ? [] : [detailOfBytes(json.type, bytes, registry)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
