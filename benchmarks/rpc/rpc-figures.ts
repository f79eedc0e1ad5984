import { median } from '../gateway/statistics.ts';
import type { FloorFigures, FloorName } from './floor/floor.ts';
import type { FigureName, PeerFigures } from './measure-peer.ts';
import type { PeerName } from './peers/names.ts';

/** What was measured in one round. */
export interface Round {
  readonly peers: ReadonlyMap<PeerName, PeerFigures>;
  readonly floors: ReadonlyMap<FloorName, FloorFigures>;
}

/** The middles of all rounds; ratios are the middles of the rounds' own ratios. */
export class RpcFigures {
  readonly #rounds: readonly Round[];

  constructor(rounds: readonly Round[]) {
    this.#rounds = rounds;
  }

  readonly peer = (name: PeerName, figure: FigureName): number | undefined =>
    this.#middle((round) => round.peers.get(name)?.[figure]);

  readonly floor = (name: FloorName): FloorFigures | undefined => {
    const p50Us = this.#middle((round) => round.floors.get(name)?.p50Us);
    const p95Us = this.#middle((round) => round.floors.get(name)?.p95Us);
    return p50Us === undefined || p95Us === undefined ? undefined : { p50Us, p95Us };
  };

  readonly ratio = (name: PeerName, to: PeerName, figure: FigureName): number | undefined =>
    this.#middle((round) => {
      const value = round.peers.get(name)?.[figure];
      const other = round.peers.get(to)?.[figure];
      return value === undefined || other === undefined ? undefined : value / other;
    });

  #middle(pick: (round: Round) => number | undefined): number | undefined {
    return median(this.#rounds.map(pick).filter((value) => value !== undefined));
  }
}
