/** What the client's process is told to do, one JSON line each. */
export type Job =
  | {
      readonly kind: 'unary';
      readonly inFlight: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly kind: 'download'; readonly count: number; readonly size: number };

/** Its answer, one JSON line. Times in microseconds. */
export interface JobResult {
  readonly calls: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly p50Us: number;
  readonly p95Us: number;
}
