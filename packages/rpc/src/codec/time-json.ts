import { described, jsonFault } from './json-fault.ts';
import type { JsonForm } from './json-form.ts';
import type { JsonValue } from './json-value.ts';

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
const minTimestampSeconds = -62_135_596_800n;
const maxTimestampSeconds = 253_402_300_799n;
/** 10,000 years. */
const maxDurationSeconds = 315_576_000_000n;
const maxNanos = 999_999_999;

/** RFC 3339 with capitals, and up to nine digits of a second. */
const timestampPattern =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const durationPattern = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** `google.protobuf.Timestamp` is a time of RFC 3339 in UTC: `1972-01-01T10:00:20.021Z`. */
export const timestampForm: JsonForm = {
  write: ({ seconds = 0n, nanos = 0 }) => timestampText(seconds, nanos),
  read: (message, json) => {
    const match = typeof json === 'string' ? timestampPattern.exec(json) : null;
    if (match === null) throw jsonFault(`expected a time of RFC 3339, not ${described(json)}`);
    message.seconds = timestampSeconds(match, json);
    message.nanos = nanosOf(match[7]);
  },
};

/** `google.protobuf.Duration` is a number of seconds: `-1.500s`. */
export const durationForm: JsonForm = {
  write: ({ seconds = 0n, nanos = 0 }) => durationText(seconds, nanos),
  read: (message, json) => {
    const match = typeof json === 'string' ? durationPattern.exec(json) : null;
    const seconds = match === null ? undefined : BigInt(match[2] as string);
    if (match === null || seconds === undefined || seconds > maxDurationSeconds) {
      throw jsonFault(`expected seconds such as "1.5s", not ${described(json)}`);
    }
    const isNegative = match[1] === '-';
    const nanos = nanosOf(match[3]);
    message.seconds = isNegative ? -seconds : seconds;
    message.nanos = isNegative && nanos > 0 ? -nanos : nanos;
  },
};

function timestampText(seconds: unknown, nanos: unknown): JsonValue {
  if (
    typeof seconds !== 'bigint' ||
    seconds < minTimestampSeconds ||
    seconds > maxTimestampSeconds
  ) {
    throw jsonFault(`${described(seconds)} seconds are not in the years 1 to 9999`);
  }
  if (!isNanos(nanos) || nanos < 0) throw jsonFault(`${described(nanos)} are no nanoseconds`);
  const date = new Date(Number(seconds) * 1000).toISOString();
  return `${date.slice(0, 19)}${fraction(nanos)}Z`;
}

function durationText(seconds: unknown, nanos: unknown): JsonValue {
  if (
    typeof seconds !== 'bigint' ||
    seconds < -maxDurationSeconds ||
    seconds > maxDurationSeconds
  ) {
    throw jsonFault(`${described(seconds)} seconds are more than 10,000 years`);
  }
  if (!isNanos(nanos)) throw jsonFault(`${described(nanos)} are no nanoseconds`);
  if ((seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0)) {
    throw jsonFault('seconds and nanos have different signs');
  }
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

function isNanos(nanos: unknown): nanos is number {
  return typeof nanos === 'number' && Number.isInteger(nanos) && Math.abs(nanos) <= maxNanos;
}

/** With 0, 3, 6 or 9 digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = `${nanos}`.padStart(9, '0');
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`;
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

function nanosOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(9, '0'));
}

function timestampSeconds(match: RegExpExecArray, json: JsonValue): bigint {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // A Date rolls 30 February over; `Date.UTC` would take the year 1 for 1901.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  const isTime =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    offsetHour < 24 &&
    offsetMinute < 60;
  const offset = (match[8] === '-' ? -60 : 60) * (offsetHour * 60 + offsetMinute);
  const seconds = BigInt(
    Math.floor(date.getTime() / 1000) + hour * 3600 + minute * 60 + second - offset,
  );
  if (!isTime || seconds < minTimestampSeconds || seconds > maxTimestampSeconds) {
    throw jsonFault(`${described(json)} is no time in the years 1 to 9999`);
  }
  return seconds;
}
