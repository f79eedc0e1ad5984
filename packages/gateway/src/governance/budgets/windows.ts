/** The times that a budget is for. Days and months are UTC's. */
export const periods = ['request', 'day', 'month'] as const;
export type Period = (typeof periods)[number];

/** Periods that begin anew. */
export type WindowPeriod = Exclude<Period, 'request'>;

export const dayMs = 86_400_000;

/** When the window of a time began, in milliseconds since the epoch. */
export function windowStart(period: WindowPeriod, atMs: number): number {
  if (period === 'day') return Math.floor(atMs / dayMs) * dayMs;
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}

/** When the window that began then ends: the first moment of the next. */
export function windowEnd(period: WindowPeriod, startMs: number): number {
  if (period === 'day') return startMs + dayMs;
  const start = new Date(startMs);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1);
}
