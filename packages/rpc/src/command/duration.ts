import { RpcError } from '../rpc-error.ts';

/** The longest time that makes sense here: a week. */
const maxMs = 7 * 86_400_000;

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * `500ms`, `1.5s`, `2m`, `1h` in milliseconds.
 * @throws RpcError invalid_argument for anything else.
 */
export function parseDurationMs(name: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (unitsMs[unit ?? ''] ?? Number.NaN);
  if (ms > 0 && ms <= maxMs) return ms;
  throw new RpcError(
    'invalid_argument',
    `${name} ${text}: write a time with its unit, such as 500ms, 5s or 2m (at most 168h)`,
  );
}

/** A time for people: `870 µs`, `1.23 ms`, `4.50 s`. */
export function formatMicroseconds(microseconds: number): string {
  if (!Number.isFinite(microseconds)) return '-';
  if (microseconds < 1_000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${digits(microseconds / 1_000)} ms`;
  return `${digits(microseconds / 1_000_000)} s`;
}

/** Three digits that count. */
function digits(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
