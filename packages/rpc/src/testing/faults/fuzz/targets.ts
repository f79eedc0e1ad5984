import { framesToClient, framesToServer } from './frames-target.ts';
import type { FuzzTarget } from './fuzz-target.ts';

interface FuzzPlan {
  /** How many inputs the long run gives it. */
  readonly inputs: number;
  make(): FuzzTarget;
}

/** By the names that a run prints. Together the own frames get ten million inputs. */
export const fuzzTargets: Readonly<Record<string, FuzzPlan>> = {
  'frames-to-server': { inputs: 6_000_000, make: framesToServer },
  'frames-to-client': { inputs: 4_000_000, make: framesToClient },
};
