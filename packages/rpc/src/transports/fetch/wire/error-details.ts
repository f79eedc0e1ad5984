import type { ErrorDetail } from '../../../rpc-error.ts';

/** A detail as it goes over a wire: the full name of its message type, and the message's bytes. */
export interface WireDetail {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** For people who read the error, where the type is known. */
  readonly json?: unknown;
}

/** The detail's message. Undefined for a value that is no message, which stays on this side. */
export function detailToBytes(detail: ErrorDetail): WireDetail | undefined {
  if (!(detail.value instanceof Uint8Array)) return undefined;
  return { type: detail.type, bytes: detail.value };
}

/** The detail of a message. The value of a type that is not known here are the bytes themselves. */
export function detailOfBytes(type: string, bytes: Uint8Array): ErrorDetail {
  return { type, value: bytes };
}
