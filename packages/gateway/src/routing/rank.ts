import type { Intent } from '@zeke/foundation';
import type { ModelFigures } from './live-figures.ts';
import type { PriorityWeights } from './routing-request.ts';

/** What is known of one candidate when it is compared with others. */
export interface Rated {
  readonly figures: ModelFigures;
  /** Of a typical request, in micro-USD; undefined: not known. */
  readonly costMicroUsd: number | undefined;
}

/** A candidate's marks, each from 0 to 1, and what they come to. */
export interface Score {
  readonly cost: number;
  readonly latency: number;
  readonly quality: number;
  readonly reliability: number;
  /** What was taken off for calls under way, as a share. */
  readonly loadPenalty: number;
  readonly total: number;
}

const weightsOf: Readonly<Record<Intent | 'default', PriorityWeights>> = {
  code: { cost: 0.2, latency: 0.5, quality: 0.2, reliability: 0.1 },
  tests: { cost: 0.3, latency: 0.4, quality: 0.2, reliability: 0.1 },
  analysis: { cost: 0.2, latency: 0.3, quality: 0.4, reliability: 0.1 },
  explanation: { cost: 0.4, latency: 0.2, quality: 0.3, reliability: 0.1 },
  regex: { cost: 0.2, latency: 0.6, quality: 0.1, reliability: 0.1 },
  default: { cost: 0.3, latency: 0.4, quality: 0.2, reliability: 0.1 },
};

/** What nobody knows counts as the middle. */
const unknownMark = 0.5;
const maxLoadPenalty = 0.2;
/** Calls under way that take off half of the largest penalty. */
const halfLoad = 8;

/**
 * Marks candidates against each other: the cheapest and the quickest have 1, others their share of
 * it, where quick is a first token that comes soon and tokens that follow fast, half each; reliability is the share of attempts that went well. Of quality the price speaks, by the root
 * of its share of the dearest's: what a vendor asks most for it holds for its best. Calls under way
 * take up to 20 % off.
 */
export function rate(
  candidates: readonly Rated[],
  intent: Intent | undefined,
  own: PriorityWeights | undefined,
): Score[] {
  const weights = weightsFor(intent, own);
  const sum = weights.cost + weights.latency + weights.quality + weights.reliability;
  const cheapest = lowest(candidates.map(({ costMicroUsd }) => costMicroUsd));
  const quickest = lowest(candidates.map(({ figures }) => figures.firstTokenMs));
  const fastest = highest(candidates.map(({ figures }) => figures.tokensPerSecond));
  const dearest = Math.max(0, ...candidates.map(({ costMicroUsd }) => costMicroUsd ?? 0));
  return candidates.map(({ costMicroUsd, figures }) => {
    const marks = {
      cost: markOf(cheapest, costMicroUsd),
      latency: latencyOf(figures, quickest, fastest),
      quality: costMicroUsd ? Math.sqrt(costMicroUsd / dearest) : unknownMark,
      reliability: 1 - figures.errorRate,
    };
    const loadPenalty = (maxLoadPenalty * figures.inFlight) / (figures.inFlight + halfLoad);
    const plain =
      (weights.cost * marks.cost +
        weights.latency * marks.latency +
        weights.quality * marks.quality +
        weights.reliability * marks.reliability) /
      sum;
    return { ...marks, loadPenalty, total: plain * (1 - loadPenalty) };
  });
}

/** What counts how much for a request: what it says itself, else what its intent stands for. */
export function weightsFor(
  intent: Intent | undefined,
  own: PriorityWeights | undefined,
): PriorityWeights {
  return own ?? weightsOf[intent ?? 'default'];
}

/** What is known of none of them is no part of it. */
function latencyOf(
  { firstTokenMs, tokensPerSecond }: ModelFigures,
  quickest: number | undefined,
  fastest: number | undefined,
): number {
  const first = markOf(quickest, firstTokenMs);
  if (fastest === undefined) return first;
  const speed = tokensPerSecond === undefined ? unknownMark : shareOf(tokensPerSecond, fastest);
  return quickest === undefined ? speed : (first + speed) / 2;
}

function shareOf(value: number, best: number): number {
  return value >= best ? 1 : value / best;
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function lowest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Free and quick beyond measure are 1, also beside each other. */
function markOf(best: number | undefined, value: number | undefined): number {
  if (best === undefined || value === undefined) return unknownMark;
  return value <= best ? 1 : best / value;
}
