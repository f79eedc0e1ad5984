import { weights } from './ranking-weights.ts';

/** What is known of a candidate, as `Ranker` writes it, and behind it of the place: the same for all of a place. */
export const featureCount = 31;
export const placeFeatureCount = 12;

/** Values between: of each half a sum that counts when it is above 0. */
export const hiddenCount = 16;

/**
 * Probabilities of `count` candidates of a place from their features: a network of one hidden layer gives each
 * a score, and a softmax makes probabilities of the scores. What the place adds is the same for all, and counted
 * once.
 */
export function scoreAll(features: Float32Array, count: number, into: Float64Array): void {
  weighPlace(features);
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const score = scoreOf(features, i * featureCount);
    into[i] = score;
    if (score > highest) highest = score;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const share = Math.exp((into[i] as number) - highest);
    into[i] = share;
    sum += share;
  }
  for (let i = 0; i < count; i++) into[i] = (into[i] as number) / sum;
}

const ownFeatureCount = featureCount - placeFeatureCount;

/** What the place and the bias add to each unit. */
const placeSums = new Float32Array(hiddenCount);

function weighPlace(features: Float32Array): void {
  const { bias, hidden } = network;
  for (let unit = 0; unit < hiddenCount; unit++) {
    let sum = bias[unit] as number;
    for (let i = ownFeatureCount; i < featureCount; i++) {
      sum += (hidden[unit * featureCount + i] as number) * (features[i] as number);
    }
    placeSums[unit] = sum;
  }
}

function scoreOf(features: Float32Array, from: number): number {
  const { direct, hidden, out } = network;
  let score = 0;
  for (let i = 0; i < ownFeatureCount; i++) {
    score += (direct[i] as number) * (features[from + i] as number);
  }
  for (let unit = 0; unit < hiddenCount; unit++) {
    const at = unit * featureCount;
    let sum = placeSums[unit] as number;
    for (let i = 0; i < ownFeatureCount; i++) {
      sum += (hidden[at + i] as number) * (features[from + i] as number);
    }
    if (sum > 0) score += sum * (out[unit] as number);
  }
  return score;
}

const network = {
  direct: scaled(weights.direct),
  /** By unit and feature. */
  hidden: scaled(weights.hidden),
  bias: scaled(weights.bias),
  out: scaled(weights.out),
};

function scaled(thousandths: readonly number[]): Float32Array {
  return Float32Array.from(thousandths, (value) => value / 1_000);
}
