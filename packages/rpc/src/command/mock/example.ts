import type { Metadata } from '../../core/metadata.ts';
import type { RpcError } from '../../rpc-error.ts';
import type { RequestPattern } from './request-pattern.ts';

/** One answer of the mock, as a file of examples gives it, checked against the schema. */
export interface Example {
  /** `orders.yaml:4`, for messages. */
  readonly origin: string;
  /** Which requests it answers. Absent: all. */
  readonly request?: RequestPattern;
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly responses: readonly object[];
  /** How the call ends after them. Absent: with OK. */
  readonly error?: RpcError;
  /** Before the first response, in milliseconds. Absent: what the flags say. */
  readonly delayMs?: number;
  /** Between two responses, in milliseconds. Absent: what the flags say. */
  readonly intervalMs?: number;
}

/** Examples by the path of their method, in the order in which they are tried. */
export type Examples = ReadonlyMap<string, readonly Example[]>;
