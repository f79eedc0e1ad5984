import type { Prediction } from './predictor.ts';

/**
 * What a token is: the first of a suggestion (`next`), one behind it (`further`), or the rest of a word
 * that was begun (`ending`).
 */
export type TokenRole = 'next' | 'further' | 'ending';

/**
 * A smoothed n-gram is too sure of itself. How often its tokens were right on files held out of other
 * projects (hono, trpc, connect-es and this one: 270,000 tokens), as a logistic regression on: 1; the
 * log-odds of its probability; the tokens of context found in the file, and in the project; the logarithm
 * of how many candidates there were. `bun run benchmarks/completer.ts` shows how well it holds.
 */
const weights: Record<TokenRole, readonly [number, number, number, number, number]> = {
  next: [0.17, 0.55, -0.05, 0.11, -0.26],
  further: [0.41, 0.55, -0.05, 0.11, -0.26],
  ending: [-0.55, 0.59, -0.05, 0.03, 0],
};

/** Probabilities nearer to 0 and 1 say no more than these. */
const extreme = 1e-4;

/** How often a token is right that was given this probability, 0 to 1. */
export function calibrate(
  probability: number,
  { count, fileOrder, projectOrder }: Prediction,
  role: TokenRole,
): number {
  const clipped = Math.min(1 - extreme, Math.max(extreme, probability));
  const [bias, odds, file, project, candidates] = weights[role];
  const sum =
    bias +
    odds * Math.log(clipped / (1 - clipped)) +
    file * fileOrder +
    project * projectOrder +
    candidates * Math.log(count + 1);
  return logistic(sum);
}

/**
 * How often a whole suggestion is right whose tokens' probabilities make this product. Where people insert
 * lines, it is less often than where whole files are written again: fitted on 41,000 places of commits of
 * trpc and connect-es, as a logistic regression on the log-odds.
 */
export function calibrateWhole(product: number): number {
  const clipped = Math.min(1 - extreme, Math.max(extreme, product));
  return logistic(-0.27 + 0.91 * Math.log(clipped / (1 - clipped)));
}

function logistic(sum: number): number {
  return 1 / (1 + Math.exp(-sum));
}
