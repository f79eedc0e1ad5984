import { median } from '../gateway/statistics.ts';
import type { FloorName } from './floor/floor.ts';
import type { FigureName, PeerFigures } from './measure-peer.ts';
import type { PeerName } from './peers/names.ts';

export type Contender = PeerName | FloorName;

/** What was measured in one round. */
export type Round = ReadonlyMap<Contender, PeerFigures>;

/** The middles of all rounds; ratios are the middles of the rounds' own ratios. */
export class RpcFigures {
  readonly #rounds: readonly Round[];

  constructor(rounds: readonly Round[]) {
    this.#rounds = rounds;
  }

  readonly of = (name: Contender, figure: FigureName): number | undefined =>
    this.#middle((round) => round.get(name)?.[figure]);

  readonly ratio = (name: Contender, to: Contender, figure: FigureName): number | undefined =>
    this.#middle((round) => {
      const value = round.get(name)?.[figure];
      const other = round.get(to)?.[figure];
      return value === undefined || other === undefined ? undefined : value / other;
    });

  #middle(pick: (round: Round) => number | undefined): number | undefined {
    return median(this.#rounds.map(pick).filter((value) => value !== undefined));
  }
}
