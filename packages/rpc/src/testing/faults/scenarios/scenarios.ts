import type { Scenario } from '../scenario.ts';
import { kill } from './kill.ts';
import { stop } from './stop.ts';

/** By the names of `--only`, in the order in which they run. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  kill,
  stop,
};
