import type { Trailer } from '../core/call.ts';

/** The entry of a trailer by which a server steers repetitions. */
export const pushbackKey = 'grpc-retry-pushback-ms';

/** The entry of a header that says how many attempts went before this one. */
export const previousAttemptsKey = 'grpc-previous-rpc-attempts';

/**
 * What the server says about sending the call again: after so many milliseconds, `never`, or
 * undefined for nothing. Words that are no number mean `never`.
 *
 * Source: gRFC A6, "Pushback".
 */
export function pushbackOf(trailer: Trailer): number | 'never' | undefined {
  if (!trailer.metadata.has(pushbackKey)) return undefined;
  const text = trailer.metadata.get(pushbackKey) ?? '';
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return 'never';
  const ms = Number(text);
  return ms <= 0x7fffffff ? ms : 'never';
}

/**
 * The least wait that a `google.rpc.RetryInfo` in the error's details asks for, in milliseconds;
 * undefined without one, or with one that makes no sense.
 *
 * Source: google/rpc/error_details.proto.
 */
export function retryInfoMs(trailer: Trailer): number | undefined {
  const info = trailer.error?.detail<unknown>('google.rpc.RetryInfo');
  if (typeof info !== 'object' || info === null || !('retryDelay' in info)) return undefined;
  const delay = info.retryDelay;
  const ms = typeof delay === 'string' ? msOfText(delay) : msOfDuration(delay);
  return ms !== undefined && ms >= 0 ? ms : undefined;
}

/** The JSON form of a `google.protobuf.Duration`: `1.5s`. */
function msOfText(text: string): number | undefined {
  const match = /^([0-9]{1,12}(?:\.[0-9]{1,9})?)s$/.exec(text);
  return match ? Number(match[1]) * 1_000 : undefined;
}

function msOfDuration(delay: unknown): number | undefined {
  if (typeof delay !== 'object' || delay === null) return undefined;
  const { seconds = 0, nanos = 0 } = delay as { seconds?: unknown; nanos?: unknown };
  const ms = numberOf(seconds) * 1_000 + numberOf(nanos) / 1e6;
  return Number.isFinite(ms) ? ms : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN;
}
