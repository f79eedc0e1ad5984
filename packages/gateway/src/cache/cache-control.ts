/** What a request says of caches (RFC 9111, section 5.2.1). */
export interface CacheControl {
  /** Nothing of the request or its answer may be kept. */
  readonly noStore: boolean;
  /** The oldest answer that the caller takes, in seconds; 0 where it wants none that is kept. */
  readonly maxAgeS: number;
}

const nothingSaid: CacheControl = { noStore: false, maxAgeS: Number.POSITIVE_INFINITY };

/**
 * Reads `cache-control` of a request: `no-store`, `no-cache` (as `max-age=0`) and `max-age`. What is
 * not known is left alone, and a `max-age` that is no number asks for a fresh answer.
 */
export function readCacheControl(header: string | null): CacheControl {
  if (header === null) return nothingSaid;
  let { noStore, maxAgeS } = nothingSaid;
  for (const directive of header.toLowerCase().split(',')) {
    const [name = '', value = ''] = directive.split('=', 2).map((part) => part.trim());
    if (name === 'no-store') noStore = true;
    else if (name === 'no-cache') maxAgeS = 0;
    else if (name === 'max-age') maxAgeS = Math.min(maxAgeS, secondsOf(value));
  }
  return { noStore, maxAgeS };
}

function secondsOf(value: string): number {
  const digits = /^"?(\d+)"?$/.exec(value)?.[1];
  return digits === undefined ? 0 : Number(digits);
}
