/**
 * Milliseconds on a clock that processes of one machine share: the time of day at the start of each,
 * carried on by the monotonic clock, so that no correction in between moves it.
 */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}
