/**
 * A date (`2026-01-31`, midnight UTC) or a time (`2026-01-31T12:00:00Z`) of ISO 8601 in milliseconds
 * since the epoch; undefined for any other text, and for a day that its month does not have.
 */
export function parseTime(text: string): number | undefined {
  const date = /^(\d{4})-(\d\d)-(\d\d)(?:T.+)?$/.exec(text);
  if (date === null) return undefined;
  const [year, month, day] = date.slice(1).map(Number) as [number, number, number];
  // The parsers of dates take the 30th of February for the 2nd of March.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
