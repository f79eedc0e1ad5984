import type { Action } from '../permissions/action.ts';
import type { Decision } from './agent-event.ts';

/** Who decides whether calls of one session may run: `Permissions` is one. */
export interface PermissionJudge {
  judge(toolName: string, actions: readonly Action[]): Promise<Verdict>;
  /** Keeps what the user answered, with `remembers` of the verdict that was asked about. */
  remember(decision: Decision, remembers: readonly string[]): Promise<void>;
  /** Files that searches leave out though their folder may be read; absent where there are none. */
  hides?(): Promise<(path: string) => boolean>;
}

export interface Verdict {
  readonly verdict: 'allow' | 'ask' | 'deny';
  /** For people and models, one line: which rule says so, and what it is about. */
  readonly reason: string;
  /** What an answer for longer than once would allow. */
  readonly remembers: readonly string[];
}
