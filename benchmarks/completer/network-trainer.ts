import { featureCount, hiddenCount } from '@zeke/assistant/completion/local';
import type { Sample } from './fit-samples.ts';

/** Samples between two changes of the weights. */
const batch = 128;
const decays = { mean: 0.9, square: 0.999 } as const;

const directFrom = featureCount * hiddenCount;
const biasFrom = directFrom + featureCount;
const outFrom = biasFrom + hiddenCount;
const size = outFrom + hiddenCount;

/** The weights of the ranking's network, as it takes them. */
export interface Weights {
  readonly direct: Float32Array;
  readonly hidden: Float32Array;
  readonly bias: Float32Array;
  readonly out: Float32Array;
}

/**
 * Fits the ranking's network so that the right candidates get high probabilities: stochastic gradient descent on the
 * cross entropy, with the step sizes of Adam (Kingma & Ba 2015).
 */
export class NetworkTrainer {
  readonly #all = new Float32Array(size);
  readonly #gradient = new Float32Array(size);
  readonly #means = new Float32Array(size);
  readonly #squares = new Float32Array(size);
  #steps = 0;
  #units = new Float32Array(0);
  #scores = new Float64Array(0);

  constructor(random: () => number) {
    const spread = Math.sqrt(3 / featureCount);
    for (let i = 0; i < directFrom; i++) this.#all[i] = (2 * random() - 1) * spread;
    for (let i = outFrom; i < size; i++) this.#all[i] = (2 * random() - 1) * 0.4;
  }

  get weights(): Weights {
    return {
      hidden: this.#all.slice(0, directFrom),
      direct: this.#all.slice(directFrom, biasFrom),
      bias: this.#all.slice(biasFrom, outFrom),
      out: this.#all.slice(outFrom),
    };
  }

  /** Once through the samples, in the order given. Gives the mean loss, in nats. */
  learn(samples: readonly Sample[], rate: number): number {
    let loss = 0;
    for (let from = 0; from < samples.length; from += batch) {
      const some = samples.slice(from, from + batch);
      this.#gradient.fill(0);
      for (const sample of some) loss += this.#addGradient(sample);
      this.#step(rate, some.length);
    }
    return loss / samples.length;
  }

  /** Probabilities of a sample's candidates: valid until the next ones. */
  probabilities({ count, features }: Sample): Float64Array {
    const all = this.#all;
    if (this.#scores.length < count) {
      this.#scores = new Float64Array(count);
      this.#units = new Float32Array(count * hiddenCount);
    }
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const from = i * featureCount;
      let score = 0;
      for (let f = 0; f < featureCount; f++) {
        score += (all[directFrom + f] as number) * (features[from + f] as number);
      }
      for (let unit = 0, at = 0; unit < hiddenCount; unit++) {
        let sum = all[biasFrom + unit] as number;
        for (let f = 0; f < featureCount; f++, at++) {
          sum += (all[at] as number) * (features[from + f] as number);
        }
        this.#units[i * hiddenCount + unit] = sum;
        if (sum > 0) score += sum * (all[outFrom + unit] as number);
      }
      this.#scores[i] = score;
      highest = Math.max(highest, score);
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const share = Math.exp((this.#scores[i] as number) - highest);
      this.#scores[i] = share;
      sum += share;
    }
    for (let i = 0; i < count; i++) this.#scores[i] = (this.#scores[i] as number) / sum;
    return this.#scores.subarray(0, count);
  }

  #addGradient(sample: Sample): number {
    const { count, features, right } = sample;
    const shares = this.probabilities(sample);
    const gradient = this.#gradient;
    for (let i = 0; i < count; i++) {
      const error = (shares[i] as number) - (i === right ? 1 : 0);
      if (Math.abs(error) < 1e-4) continue;
      const from = i * featureCount;
      add(gradient, directFrom, features, from, error);
      for (let unit = 0; unit < hiddenCount; unit++) {
        const value = this.#units[i * hiddenCount + unit] as number;
        if (value <= 0) continue;
        gradient[outFrom + unit] = (gradient[outFrom + unit] as number) + error * value;
        const back = error * (this.#all[outFrom + unit] as number);
        gradient[biasFrom + unit] = (gradient[biasFrom + unit] as number) + back;
        add(gradient, unit * featureCount, features, from, back);
      }
    }
    return -Math.log((shares[right] as number) + 1e-12);
  }

  #step(rate: number, samples: number): void {
    this.#steps++;
    const mean = 1 - decays.mean ** this.#steps;
    const square = 1 - decays.square ** this.#steps;
    for (let i = 0; i < size; i++) {
      const slope = (this.#gradient[i] as number) / samples;
      const m = decays.mean * (this.#means[i] as number) + (1 - decays.mean) * slope;
      const v = decays.square * (this.#squares[i] as number) + (1 - decays.square) * slope ** 2;
      this.#means[i] = m;
      this.#squares[i] = v;
      const change = (rate * m) / mean / (Math.sqrt(v / square) + 1e-8);
      this.#all[i] = (this.#all[i] as number) - change;
    }
  }
}

function add(
  into: Float32Array,
  at: number,
  features: Float32Array,
  from: number,
  times: number,
): void {
  for (let f = 0; f < featureCount; f++) {
    into[at + f] = (into[at + f] as number) + times * (features[from + f] as number);
  }
}
