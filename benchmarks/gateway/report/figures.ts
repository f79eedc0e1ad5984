import type { ContenderName } from '../contenders/contender.ts';
import type { MeasureName } from '../measures.ts';
import type { Measurement } from '../rig.ts';
import type { MeasuredRounds } from '../run-rounds.ts';
import { median } from '../statistics.ts';

/** One number of a measurement; undefined where it was not measured. */
export type Pick = (result: Measurement) => number | null | undefined;

type RoundFigure = (round: MeasuredRounds['rounds'][number]) => number | undefined;

export const perSecond: Pick = ({ answers, seconds }) => answers / seconds;

/** From a client's leaving to the provider's seeing it; infinite where it never did. */
export const longestCancel: Pick = ({ cancelled }) => cancelled.max;

/** What was measured, as figures: medians over the rounds. */
export class Figures {
  readonly #rounds: ReadonlyMap<MeasureName, MeasuredRounds>;

  constructor(rounds: ReadonlyMap<MeasureName, MeasuredRounds>) {
    this.#rounds = rounds;
  }

  rounds(name: MeasureName): MeasuredRounds | undefined {
    return this.#rounds.get(name);
  }

  value(name: MeasureName, contender: ContenderName, pick: Pick): number | undefined {
    return this.#median(name, (round) => numberOf(round[contender], pick));
  }

  /** The greatest over the rounds, which no median hides. */
  greatest(name: MeasureName, contender: ContenderName, pick: Pick): number | undefined {
    const all = this.#each(name, (round) => numberOf(round[contender], pick));
    return all.length === 0 ? undefined : Math.max(...all);
  }

  /** A ratio or difference between two contenders, taken in each round by itself. */
  pair(
    name: MeasureName,
    [one, two]: readonly [ContenderName, ContenderName],
    pick: Pick,
    join: (one: number, two: number) => number,
  ): number | undefined {
    return this.#median(name, (round) => {
      const first = numberOf(round[one], pick);
      const second = numberOf(round[two], pick);
      return first === undefined || second === undefined ? undefined : join(first, second);
    });
  }

  /** Processor time of an answer in µs: over all rounds, since one alone has few ticks. */
  processorMicros(name: MeasureName, contender: ContenderName): number | undefined {
    if (contender === 'direct') return undefined;
    let milliseconds = 0;
    let answers = 0;
    for (const round of this.#rounds.get(name)?.rounds ?? []) {
      milliseconds += round[contender]?.processorMs ?? 0;
      answers += round[contender]?.answers ?? 0;
    }
    return answers === 0 ? undefined : (milliseconds * 1_000) / answers;
  }

  #median(name: MeasureName, figure: RoundFigure): number | undefined {
    return median(this.#each(name, figure));
  }

  #each(name: MeasureName, figure: RoundFigure): number[] {
    const all = this.#rounds.get(name)?.rounds.map(figure) ?? [];
    return all.filter((value) => value !== undefined);
  }
}

function numberOf(result: Measurement | undefined, pick: Pick): number | undefined {
  return (result && pick(result)) ?? undefined;
}
