import type { ContenderName } from './contenders/contender.ts';
import { type MeasureName, measures } from './measures.ts';
import type { Measurement } from './rig.ts';
import type { Session } from './session.ts';

/** What was measured for one thing in one round, one contender after the other. */
type Round = Partial<Record<ContenderName, Measurement>>;

export interface RoundsOptions {
  sessions: readonly Session[];
  names: readonly MeasureName[];
  rounds: number;
  /** Of one measurement. */
  seconds: number;
  /** Told of each step, for people who wait. */
  progress: (text: string) => void;
}

/** What was measured, quiet rounds only where there are any. */
export interface MeasuredRounds {
  rounds: Round[];
  dropped: number;
  /** No round was quiet: what stands here is worth nothing. */
  disturbed: boolean;
}

/** More processor time than this, of one core, taken by others makes a round worthless. */
export const maxForeignShare = 0.15;
/** A disturbed round is done again, this often in all for each round that is asked for. */
const repeatsPerRound = 2;
const leadInSeconds = 0.15;
const warmUpSeconds = 5;

/** Measures everything `rounds` times, contenders interleaved. Throws at a wrong byte. */
export async function runRounds(options: RoundsOptions): Promise<Map<MeasureName, MeasuredRounds>> {
  const { names, rounds, progress } = options;
  await warmUp(options);
  const quiet = new Map<MeasureName, Round[]>(names.map((name) => [name, []]));
  const loud = new Map<MeasureName, Round[]>(names.map((name) => [name, []]));
  let repeats = rounds * repeatsPerRound;
  for (let number = 1; number <= rounds; number++) {
    for (const name of names) {
      progress(`round ${number} of ${rounds}: ${measures[name].title}`);
      let round = await runRound(options, name);
      while (isDisturbed(round) && repeats > 0) {
        repeats--;
        loud.get(name)?.push(round);
        round = await runRound(options, name);
      }
      (isDisturbed(round) ? loud : quiet).get(name)?.push(round);
    }
  }
  return new Map(
    names.map((name) => {
      const kept = quiet.get(name) ?? [];
      const dropped = loud.get(name) ?? [];
      const disturbed = kept.length === 0;
      return [name, { rounds: disturbed ? dropped : kept, dropped: dropped.length, disturbed }];
    }),
  );
}

async function warmUp({ sessions, names, progress }: RoundsOptions): Promise<void> {
  for (const session of sessions) {
    progress(`warming up ${session.contender.title}`);
    const takesPart = names.filter((name) => isPartOf(session, name));
    const seconds = warmUpSeconds / takesPart.length;
    for (const name of takesPart) {
      await session.measure(measures[name], { seconds, leadInSeconds: 0 }, []);
    }
  }
}

async function runRound({ sessions, seconds }: RoundsOptions, name: MeasureName): Promise<Round> {
  const measure = measures[name];
  const ownPids = sessions.flatMap(({ pids }) => pids);
  const round: Round = {};
  for (const session of sessions) {
    if (!isPartOf(session, name)) continue;
    const time = {
      seconds: seconds * (measure.stretch ?? 1),
      leadInSeconds: measure.leadInSeconds ?? leadInSeconds,
    };
    round[session.contender.name] = await session.measure(measure, time, ownPids);
  }
  return round;
}

function isPartOf({ contender }: Session, name: MeasureName): boolean {
  return measures[name].only?.includes(contender.name) ?? true;
}

function isDisturbed(round: Round): boolean {
  return Object.values(round).some(({ foreignShare }) => foreignShare > maxForeignShare);
}
