import type { RunHooks } from '../hooks/run-hooks.ts';
import type { PermissionMode } from '../permissions/mode.ts';
import type { Project } from '../project/project.ts';
import type { SessionLease } from '../sessions/session-lease.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { AgentOptions } from './agent-options.ts';
import type { EventChannel } from './event-channel.ts';
import type { LoopGuard } from './loop-guard.ts';
import type { OpenQuestions } from './open-questions.ts';
import type { PermissionJudge } from './permission-judge.ts';
import type { RunBudget } from './run-budget.ts';
import type { SentReads } from './sent-reads.ts';
import type { ToolRegistry } from './tool-registry.ts';

/** What the parts of one run share. */
export interface RunParts {
  readonly options: AgentOptions;
  readonly project: Project;
  readonly cwd: string;
  /** It works in a worktree. */
  readonly isApart: boolean;
  readonly mode: PermissionMode;
  readonly judge: PermissionJudge;
  /** What is done where a call needs an answer. */
  readonly onAsk: 'wait' | 'deny';
  /** What is done where an MCP server asks. */
  readonly onQuestion: 'wait' | 'decline';
  /** After which an unanswered question is a denial; undefined: it is waited for. */
  readonly approvalTimeoutMs: number | undefined;
  readonly questions: OpenQuestions;
  /** The session that the user has begun: of a subagent, its parent's. */
  readonly rootSessionId: string;
  readonly lease: SessionLease;
  readonly channel: EventChannel;
  readonly budget: RunBudget;
  readonly guard: LoopGuard;
  readonly registry: ToolRegistry;
  readonly sentReads: SentReads;
  readonly hooks: RunHooks;
  readonly snapshots: Snapshots | undefined;
  /** Files that snapshots leave out and the user was told of. */
  readonly toldSkipped: Set<string>;
  readonly signal: AbortSignal;
}
