import type { Attachments, ContextBuilder } from '../context/context-builder.ts';
import type { HookHost } from '../hooks/hook-host.ts';
import type { ModelClient, ModelRequest, ModelUsage } from '../model/model-client.ts';
import type { PermissionMode } from '../permissions/mode.ts';
import type { Project } from '../project/project.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { Tool } from '../tools/tool.ts';
import type { AgentDefinition } from './agent-definition.ts';
import type { OpenQuestions } from './open-questions.ts';
import type { PermissionJudge } from './permission-judge.ts';
import type { RunLimits } from './run-budget.ts';

/** What every run of an agent stands on. */
export interface AgentOptions {
  readonly model: ModelClient;
  readonly sessions: SessionStore;
  /** Who judges the calls of one run; what it was told to remember for a session it has in later runs, too. */
  readonly permissions: (place: SessionPlace, mode: PermissionMode) => Promise<PermissionJudge>;
  /** The tools of one session; they are let go when its run ends. */
  readonly tools: (place: SessionPlace) => Promise<AgentTools>;
  /** Without it nothing but the conversation itself is sent, and nothing is compacted. */
  readonly context?: (place: SessionPlace) => Promise<ContextBuilder>;
  /** Without it changes cannot be undone, and the user is told so. */
  readonly snapshots?: (project: Project) => Snapshots;
  /** Faults in changed files (relative paths) as a language server sees them, for the model; undefined: none. */
  readonly diagnostics?: (
    project: Project,
    paths: readonly string[],
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  /**
   * In micro-USD, where the answer does not say what it cost; undefined where nobody knows. With it a run
   * whose budget of money cannot be kept, since its model has no price, does not begin.
   */
  readonly estimateCost?: (model: string, usage: ModelUsage) => Promise<number | undefined>;
  /** The folder of worktrees, `$ZEKE_HOME/worktrees`, and `PATH`, by which git is found. */
  readonly worktrees?: { readonly folder: string; readonly path: string };
  /** Agents beside `build`, `general`, `explore` and `plan`, as the project has them now. */
  readonly agents?: (project: Project) => Promise<ProjectAgents>;
  /** Programs of the user and of projects that run at events. Without it none do. */
  readonly hooks?: HookHost;
  /** A tool threw what is no failure of its call: for the log. */
  readonly onDefect?: (error: unknown, tool: string) => void;
  /** Questions of MCP servers, where other agents are answered in the same place. Default: its own. */
  readonly questions?: OpenQuestions;
  readonly now: () => number;
  /** Waits between questions; fails with `canceled` when the signal is aborted. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface ProjectAgents {
  readonly agents: readonly AgentDefinition[];
  /** What is wrong with files that add to zeke, a line each: told to the user when a run starts. */
  readonly faults: readonly string[];
}

export interface SessionPlace {
  readonly project: Project;
  readonly cwd: string;
  readonly sessionId: string;
}

export interface AgentTools extends Partial<AsyncDisposable> {
  readonly tools: readonly Tool[];
  /** Tools of MCP servers: found by a search when they are too many to be shown at once. */
  readonly deferrable?: readonly Tool[];
}

/** One run: a task for an agent, in a session. */
export interface RunRequest {
  /** Undefined where `sessionId` says it. */
  readonly place?: { readonly project: Project; readonly cwd: string };
  /** Goes on with a session; undefined: a new one. */
  readonly sessionId?: string;
  /** Of a new session. Default: the first words of the instruction. */
  readonly title?: string;
  /** Undefined: goes on with what the session has, as after an interrupt. */
  readonly instruction?: string;
  readonly attachments?: Attachments;
  readonly model: string;
  readonly effort?: ModelRequest['effort'];
  /** Of each answer; one without calls that is cut there is the last. Default: the model's own limit. */
  readonly maxOutputTokens?: number;
  readonly mode: PermissionMode;
  /** Puts a stricter judge before that of the session: for a run that is only about some files. */
  readonly confine?: (judge: PermissionJudge) => PermissionJudge;
  /** Puts something around each tool, those of MCP servers and of subagents too. */
  readonly wrapTool?: (tool: Tool) => Tool;
  /** `build` unless told otherwise. */
  readonly agent?: string;
  readonly limits?: RunLimits;
  /** `deny` where nobody is there to answer. Default `wait`. */
  readonly onAsk?: 'wait' | 'deny';
  /** What is done where an MCP server asks the user. Default: as `onAsk`. */
  readonly onQuestion?: 'wait' | 'decline';
  /** How long a question waits for its answer. Default: as long as the run may take. */
  readonly approvalTimeoutMs?: number;
  /**
   * Commands that have to succeed before the task counts as done, if it changed files; language servers are
   * asked, too. `by-caller`: who runs it judges what it did, and nothing is checked here.
   */
  readonly verify?: readonly string[] | 'by-caller';
  /** Works in a git worktree of its own; changes come back as a branch, which the last message names. */
  readonly worktree?: boolean;
}
