import type { Duration } from '../gen/google/protobuf/duration_pb.ts';
import type { Timestamp } from '../gen/google/protobuf/timestamp_pb.ts';
import type { MessageInit } from './message-type.ts';

/** A duration of milliseconds, to the nanosecond. */
export function durationOfMs(ms: number): Duration {
  const { seconds, nanos } = split(ms);
  // Seconds and nanoseconds of a duration have the same sign.
  if (seconds < 0n && nanos > 0) return { seconds: seconds + 1n, nanos: nanos - 1e9 };
  return { seconds, nanos };
}

/** The milliseconds of a duration, with a fraction. */
export function msOfDuration({ seconds = 0n, nanos = 0 }: MessageInit<Duration>): number {
  return Number(seconds) * 1000 + nanos / 1e6;
}

/** A time by milliseconds since 1970, as `Date.now()` has it. */
export function timestampOfMs(ms: number): Timestamp {
  return split(ms);
}

/** The milliseconds since 1970 of a time, with a fraction. */
export function msOfTimestamp({ seconds = 0n, nanos = 0 }: MessageInit<Timestamp>): number {
  return Number(seconds) * 1000 + nanos / 1e6;
}

/** Whole seconds towards the past, and the nanoseconds since. */
function split(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  return nanos < 1e9
    ? { seconds: BigInt(seconds), nanos }
    : { seconds: BigInt(seconds + 1), nanos: 0 };
}
