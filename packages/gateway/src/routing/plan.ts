import type { StrategyName } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import type { LiveFigures, LiveModel } from './live-figures.ts';
import { type MergePlan, mergePlan } from './merge/merge-plan.ts';
import type { Candidate, ModelAlias } from './model-catalog.ts';
import { nearEnough, type PrivacySettings } from './privacy.ts';
import { type Rated, rate, type Score } from './rank.ts';
import type { RoutingRequest } from './routing-request.ts';
import { type SessionNews, Sessions } from './sessions.ts';

/** Who is asked for a request, in which order, and how many at once. */
export interface Plan {
  readonly strategy: StrategyName;
  /** In the order in which they are asked. */
  readonly candidates: readonly Candidate[];
  /** 1 for strategies that ask one after the other. */
  readonly atOnce: number;
  /** Between the beginnings of candidates that are asked at once. */
  readonly staggerMs: number;
  readonly minUsefulTokens: number;
  /** What the candidates were marked with, in their order; none where the strategy ranks none. */
  readonly scores: readonly (Score | undefined)[];
  /** How their answers become one; absent where one is given out as it comes. */
  readonly merge?: MergePlan;
  /** Who answered the request's session before, and so is asked first. */
  readonly kept?: Candidate | undefined;
}

export interface PlanRequest {
  /** As the caller named it. */
  readonly model: string;
  readonly alias: ModelAlias | undefined;
  readonly routing: RoutingRequest | undefined;
  /** Those that the caller may use. */
  readonly candidates: readonly Candidate[];
  /** What the request's session is remembered by. */
  readonly session?: string | undefined;
  readonly privacy: Pick<PrivacySettings, 'preferLocalFor'>;
  /** No provider elsewhere may be asked. */
  readonly isLocalOnly?: boolean;
  /** What a candidate is known to lack for the request; undefined: nothing. */
  readonly lack?: (candidate: Candidate) => string | undefined;
  /** About how many tokens the prompt has; undefined: as many as most. */
  readonly inputTokens?: number;
  /** Nobody is going to be asked: no turn is taken. */
  readonly isDry?: boolean;
}

export interface PlannerOptions {
  /** Told who begins to answer a session. */
  readonly onSession?: ((session: SessionNews) => void) | undefined;
  readonly figures: LiveFigures;
  /** What a request of that size would cost at each, in micro-USD; undefined where nobody knows. */
  readonly costs: (
    candidates: readonly Candidate[],
    inputTokens: number | undefined,
  ) => Promise<(number | undefined)[]>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defaultAtOnce = 2;
const defaultMerged = 3;
const defaultMinUsefulTokens = 5;
const defaultDelayMs = 200;
const codeDelayMs = 150;
/** Names whose turn is kept for `round_robin`. */
const maxTurns = 10_000;

/** Turns what a request and the configuration say into a plan. */
export class Planner {
  readonly #options: PlannerOptions;
  /** Whose turn it is, by the name that callers use. */
  readonly #turns = new Map<string, number>();
  readonly #sessions: Sessions;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.now, options.onSession);
  }

  /** Another process has begun to answer a session. */
  learn(session: SessionNews): void {
    this.#sessions.learn(session);
  }

  /** The candidate has answered: it goes on to answer its session. */
  answered(candidate: Candidate, session: string | undefined): void {
    if (session !== undefined) this.#sessions.keep(session, candidate);
  }

  /**
   * The plan for a request, at once where no price has to be looked up. Nobody is asked for it.
   * @throws RpcError invalid_argument when no candidate is left, and when a judge is missing.
   */
  plan(request: PlanRequest): Plan | Promise<Plan> {
    const { alias, isLocalOnly = false, privacy, routing, session } = request;
    const candidates = nearEnough(named(request), isLocalOnly, privacy, routing?.intent);
    const strategy = routing?.strategy ?? alias?.strategy ?? 'single';
    const kept = session === undefined ? undefined : this.#sessions.find(session, candidates);
    const ordered = this.#order(strategy, candidates, request);
    return ordered instanceof Promise
      ? ordered.then((ranked) => planOf(request, strategy, ranked, kept))
      : planOf(request, strategy, ordered, kept);
  }

  /** What candidates are marked with, each against all others, for a request of typical size and no intent. */
  async scores(candidates: readonly Candidate[]): Promise<Score[]> {
    return this.#rate(candidates, await this.#options.costs(candidates, undefined), undefined);
  }

  #order(
    strategy: StrategyName,
    candidates: readonly Candidate[],
    request: PlanRequest,
  ): Ranked[] | Promise<Ranked[]> {
    const { inputTokens, isDry = false, model } = request;
    switch (strategy) {
      case 'fallback':
        return plain(candidates);
      case 'round_robin':
        return plain(this.#inTurn(model, candidates, isDry));
      case 'weighted':
        return plain(drawn(candidates, this.#options.random));
      case 'least_latency':
        return this.#byFigure(candidates, ({ firstTokenMs }) => firstTokenMs ?? 0);
      case 'least_busy':
        return this.#byFigure(candidates, ({ inFlight }) => inFlight);
      case 'least_cost':
        return this.#cheapest(candidates, inputTokens);
      case 'speculate_k':
        return this.#ranked(candidates, request).then(cheapestFirst);
      case 'single':
      case 'race':
      case 'parallel_merge':
        return this.#ranked(candidates, request);
    }
  }

  async #cheapest(
    candidates: readonly Candidate[],
    inputTokens: number | undefined,
  ): Promise<Ranked[]> {
    const costs = await this.#options.costs(candidates, inputTokens);
    return plain(sorted(candidates, (_, index) => costs[index] ?? Number.MAX_VALUE));
  }

  async #ranked(
    candidates: readonly Candidate[],
    { inputTokens, routing }: PlanRequest,
  ): Promise<Ranked[]> {
    const costs = await this.#options.costs(candidates, inputTokens);
    const scores = this.#rate(candidates, costs, routing);
    const ranked = candidates.map((candidate, index) => ({ candidate, score: scores[index] }));
    return sorted(ranked, ({ score }) => -(score?.total ?? 0));
  }

  #rate(
    candidates: readonly Candidate[],
    costs: readonly (number | undefined)[],
    routing: RoutingRequest | undefined,
  ): Score[] {
    const rated = candidates.map(
      (candidate, index): Rated => ({ figures: this.#live(candidate), costMicroUsd: costs[index] }),
    );
    return rate(rated, routing?.intent, routing?.weights);
  }

  #inTurn(name: string, candidates: readonly Candidate[], isDry: boolean): Candidate[] {
    const turn = (this.#turns.get(name) ?? 0) % candidates.length;
    if (!isDry) {
      if (this.#turns.size >= maxTurns && !this.#turns.has(name)) this.#turns.clear();
      this.#turns.set(name, turn + 1);
    }
    return [...candidates.slice(turn), ...candidates.slice(0, turn)];
  }

  #byFigure(candidates: readonly Candidate[], of: (live: LiveModel) => number): Ranked[] {
    const ranked = candidates.map((candidate) => {
      const figure = of(this.#live(candidate));
      return { candidate, score: undefined, figure };
    });
    return ranked.sort((a, b) => a.figure - b.figure);
  }

  #live({ provider, model }: Candidate): LiveModel {
    return this.#options.figures.of(provider.name, model);
  }
}

function planOf(
  { alias, lack, model, routing }: PlanRequest,
  strategy: StrategyName,
  ordered: Ranked[],
  kept: Candidate | undefined,
): Plan {
  if (kept) ordered.sort((a, b) => Number(b.candidate === kept) - Number(a.candidate === kept));
  // An order that somebody has written down is kept.
  const able = strategy === 'fallback' || !lack ? ordered.length : ableFirst(ordered, lack);
  const merge = strategy === 'parallel_merge' ? mergePlan(model, alias, routing) : undefined;
  const isContest = !kept && (strategy === 'race' || strategy === 'speculate_k');
  const k = routing?.k ?? alias?.k ?? (merge ? defaultMerged : defaultAtOnce);
  const atOnce = isContest || merge ? Math.min(k, able) : 1;
  return {
    strategy,
    candidates: ordered.map(({ candidate }) => candidate),
    scores: ordered[0]?.score ? ordered.map(({ score }) => score) : [],
    atOnce,
    staggerMs: strategy === 'speculate_k' ? delayOf(alias, routing) : 0,
    minUsefulTokens: routing?.minUsefulTokens ?? defaultMinUsefulTokens,
    ...(merge && atOnce > 1 ? { merge } : {}),
    kept,
  };
}

/** Puts who lacks something behind the others; how many others there are, or all where none is. */
function ableFirst(ordered: Ranked[], lack: NonNullable<PlanRequest['lack']>): number {
  if (ordered.length === 1) return 1;
  if (!ordered.some(({ candidate }) => lack(candidate) !== undefined)) return ordered.length;
  const lacking = ordered.filter(({ candidate }) => lack(candidate) !== undefined);
  const able = ordered.length - lacking.length;
  if (able === 0) return ordered.length;
  const others = ordered.filter((each) => !lacking.includes(each));
  ordered.splice(0, ordered.length, ...others, ...lacking);
  return able;
}

interface Ranked {
  readonly candidate: Candidate;
  readonly score: Score | undefined;
}

function plain(candidates: readonly Candidate[]): Ranked[] {
  return candidates.map((candidate) => ({ candidate, score: undefined }));
}

/** Someone local or cheap goes first; of the others, the best does. */
function cheapestFirst(ranked: readonly Ranked[]): Ranked[] {
  const [first, ...others] = sorted(ranked, ({ candidate, score }) =>
    candidate.provider.local ? -2 : -(score?.cost ?? 0),
  );
  const rest = sorted(others, ({ score }) => -(score?.quality ?? 0));
  return first === undefined ? [] : [first, ...rest];
}

/** The candidates that the request names, where it does. */
function named({ candidates, model, routing }: PlanRequest): readonly Candidate[] {
  const names = routing?.providers;
  if (names === undefined) return candidates;
  const left = candidates.filter(
    ({ model: own, provider }) =>
      names.includes(provider.name) || names.includes(`${provider.name}/${own}`),
  );
  if (left.length > 0) return left;
  const there = candidates.map((each) => `${each.provider.name}/${each.model}`).join(', ');
  throw apiError(
    'invalid_argument',
    `omen.providers: ${names.join(', ')} cannot be asked for ${model.slice(0, 200)}, only ${there}`,
    { param: 'omen.providers', reason: 'no_candidate' },
  );
}

function delayOf(alias: ModelAlias | undefined, routing: RoutingRequest | undefined): number {
  return alias?.delayMs ?? (routing?.intent === 'code' ? codeDelayMs : defaultDelayMs);
}

/** Stable: what is equal keeps its place, which is the configuration's. */
function sorted<T>(items: readonly T[], keyOf: (item: T, index: number) => number): T[] {
  return items
    .map((item, index) => ({ item, key: keyOf(item, index) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Drawn without putting back, each by its share of the weights that are left. */
function drawn(candidates: readonly Candidate[], random: () => number): Candidate[] {
  const left = [...candidates];
  const order: Candidate[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, each) => total + (each.weight ?? 1), 0);
    let at = random() * sum;
    let index = left.findIndex((each) => {
      at -= each.weight ?? 1;
      return at < 0;
    });
    if (index < 0) index = left.length - 1;
    order.push(...left.splice(index, 1));
  }
  return order;
}
