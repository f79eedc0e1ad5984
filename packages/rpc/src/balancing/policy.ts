import type { OpenOptions } from '../core/call.ts';
import type { MethodInfo } from '../core/method.ts';

/** An endpoint, as a policy sees it. */
export interface Candidate {
  readonly address: string;
  /** Its share beside the others, above 0. */
  readonly weight: number;
  /** Calls that run on it. */
  readonly pending: number;
  /** Whether calls get through to it. One that could connect begins to. */
  isUsable(): boolean;
}

/** Chooses an endpoint for each call. */
export interface Picker<C extends Candidate = Candidate> {
  /** Undefined when none is usable. */
  pick(method: MethodInfo, options: OpenOptions): C | undefined;
}

/** How calls are spread. Makes a picker for each set of endpoints that it is given. */
export type Policy = <C extends Candidate>(candidates: readonly C[]) => Picker<C>;

/** Whether all have the same weight. */
export function areEqual(candidates: readonly Candidate[]): boolean {
  return candidates.every(({ weight }) => weight === candidates[0]?.weight);
}
