import type { Scenario } from '../scenario.ts';
import { clock } from './clock.ts';
import { deaf } from './deaf.ts';
import { descriptors } from './descriptors.ts';
import { exit } from './exit.ts';
import { fuzzScenarios } from './fuzz.ts';
import { halfOpen } from './half-open.ts';
import { idle } from './idle.ts';
import { kill } from './kill.ts';
import { leaks, visits } from './leaks.ts';
import { lossy } from './lossy.ts';
import { stall } from './stall.ts';
import { stop } from './stop.ts';

/** By the names of `--only`, in the order in which they run. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  kill,
  stop,
  stall,
  'half-open': halfOpen,
  lossy,
  deaf,
  clock,
  descriptors,
  exit,
  leaks,
  visits,
  idle,
  ...fuzzScenarios,
};
