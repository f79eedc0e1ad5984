import { RpcError } from '../../../rpc-error.ts';

const never = Number.POSITIVE_INFINITY;

/** The longest time that `connect-timeout-ms` can say: ten digits of milliseconds, 115 days. */
const maxConnectTimeoutMs = 9_999_999_999;

/** Milliseconds of a unit of `grpc-timeout`. */
const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * The value of `connect-timeout-ms` in milliseconds; Infinity for none.
 * @throws RpcError invalid_argument for a value that is none.
 * Source: https://connectrpc.com/docs/protocol#unary-request (Timeout-Milliseconds).
 */
export function readConnectTimeout(value: string | null): number {
  if (value === null) return never;
  if (!/^[0-9]{1,10}$/.test(value)) {
    throw malformed('connect-timeout-ms', value, 'one to ten digits');
  }
  return Number(value);
}

/**
 * The value of `grpc-timeout` in milliseconds; Infinity for none.
 * @throws RpcError invalid_argument for a value that is none.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (TimeoutValue).
 */
export function readGrpcTimeout(value: string | null): number {
  if (value === null) return never;
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(value);
  if (match === null) {
    throw malformed('grpc-timeout', value, 'one to eight digits and one of H, M, S, m, u and n');
  }
  return Number(match[1]) * (unitMs[match[2] as string] as number);
}

/** What `connect-timeout-ms` says of so many milliseconds; undefined where it must be left out. */
export function writeConnectTimeout(leftMs: number): string | undefined {
  if (leftMs > maxConnectTimeoutMs) return undefined;
  return String(Math.max(0, Math.ceil(leftMs)));
}

/** What `grpc-timeout` says of so many milliseconds, in at most eight digits; undefined for Infinity. */
export function writeGrpcTimeout(leftMs: number): string | undefined {
  if (leftMs === never) return undefined;
  const ms = Math.max(0, Math.ceil(leftMs));
  if (ms < 1e8) return `${ms}m`;
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 1e8) return `${seconds}S`;
  return `${Math.min(Math.ceil(seconds / 3_600), 99_999_999)}H`;
}

function malformed(header: string, value: string, form: string): RpcError {
  const shown = JSON.stringify(value.slice(0, 32));
  return new RpcError('invalid_argument', `the header ${header} is ${shown}: it must be ${form}`);
}
