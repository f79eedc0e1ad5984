/**
 * How often a property is tried: the same few cases in the suite, and as many others as
 * `CODEC_RANDOM_RUNS` says when someone looks for more.
 */
export function randomRuns(usual: number): { numRuns: number; seed?: number } {
  const wanted = Number(process.env.CODEC_RANDOM_RUNS ?? 0);
  return wanted > 0 ? { numRuns: wanted } : { numRuns: usual, seed: 20_261_121 };
}
