import type { HttpHeaders } from '@zeke/foundation/http-client';

/** The longest wait that is believed, in milliseconds: a day. */
const maxWaitMs = 86_400_000;

/**
 * How long a provider asks to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds
 * or as an HTTP date. Undefined when it says nothing readable. A date is counted from the provider's
 * own clock where its `date` tells it. Source: RFC 9110, section 10.2.3.
 */
export function retryAfterMs(headers: HttpHeaders): number | undefined {
  const precise = waitOf(headers.get('retry-after-ms'), 1);
  if (precise !== undefined) return precise;
  const value = headers.get('retry-after');
  const seconds = waitOf(value, 1_000);
  if (seconds !== undefined || !value) return seconds;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const nowMs = Date.parse(headers.get('date') ?? '') || Date.now();
  return Math.min(maxWaitMs, Math.max(0, at - nowMs));
}

function waitOf(value: string | null, unitMs: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const wait = Number(value) * unitMs;
  return Number.isFinite(wait) && wait >= 0 ? Math.min(maxWaitMs, Math.ceil(wait)) : undefined;
}
