import type { Prediction } from './predictor.ts';

/** How often a token is right that was given this probability. */
export function calibrateToken(probability: number, _prediction: Prediction): number {
  return probability;
}

/** How often a whole suggestion is right to the letter. */
export function calibrateSuggestion({
  probability,
}: {
  probability: number;
  tokens: number;
}): number {
  return probability;
}
