/**
 * Milliseconds of a `grpc-timeout`: up to eight digits and a unit; undefined for what is none.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Timeout).
 */
export function readTimeout(value: string): number | undefined {
  const digits = value.length - 1;
  if (digits < 1 || digits > maxDigits) return undefined;
  let number = 0;
  for (let i = 0; i < digits; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  const unit = unitMs[value.charAt(digits)];
  return unit === undefined ? undefined : number * unit;
}

/** So many milliseconds as `grpc-timeout`, rounded up; the shortest that is no deadline in the past. */
export function writeTimeout(leftMs: number): string {
  if (leftMs < 100) return `${Math.max(1, Math.ceil(leftMs * 1_000))}u`;
  if (leftMs <= maxNumber) return `${Math.ceil(leftMs)}m`;
  if (leftMs <= maxNumber * 1_000) return `${Math.ceil(leftMs / 1_000)}S`;
  return `${Math.min(maxNumber, Math.ceil(leftMs / 3_600_000))}H`;
}

const maxDigits = 8;
const maxNumber = 99_999_999;

const unitMs: Readonly<Record<string, number | undefined>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
