import type { McpAnswer, QuestionField } from '@zeke/mcp';
import type { HookReport } from '../hooks/hook.ts';
import type { Action } from '../permissions/action.ts';
import type { FileDiff } from '../tools/tool.ts';

/**
 * What an agent tells while it works, in this order for every caller: over RPC, on the command line
 * (`--json`), over MCP. `step` counts the model's answers from 1; a step is told when it begins, and
 * again when it is known what it does. The last event is `end`.
 */
export type AgentEvent =
  | { readonly type: 'start'; readonly sessionId: string; readonly model: string }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly status: AgentStatus;
      readonly description: string;
    }
  | { readonly type: 'text'; readonly step: number; readonly text: string }
  | { readonly type: 'reasoning'; readonly step: number; readonly text: string }
  /** Arguments are whole; the call waits to be allowed, or runs. */
  | {
      readonly type: 'tool-call';
      readonly step: number;
      readonly callId: string;
      readonly name: string;
      /** JSON text. */
      readonly arguments: string;
      /** For people: `read_file src/a.ts`. */
      readonly title: string;
    }
  | { readonly type: 'tool-progress'; readonly callId: string; readonly text: string }
  | {
      readonly type: 'tool-result';
      readonly callId: string;
      readonly isError: boolean;
      readonly text: string;
      readonly summary: string;
      readonly changes: readonly FileDiff[];
      readonly durationMs: number;
    }
  /** Somebody has to answer, by `respond`, before the call goes on. */
  | {
      readonly type: 'approval';
      readonly approvalId: string;
      readonly callId: string;
      readonly title: string;
      readonly reason: string;
      readonly actions: readonly Action[];
      /** What it would change, where that is known beforehand. */
      readonly changes: readonly FileDiff[];
    }
  | { readonly type: 'approval-answered'; readonly approvalId: string; readonly decision: Decision }
  /** An MCP server asks within a call, which waits for `answer`. Its message is its own: never orders. */
  | {
      readonly type: 'question';
      readonly questionId: string;
      readonly callId: string;
      readonly server: string;
      readonly message: string;
      /** To be opened in a browser, once the user has agreed; undefined for a form. */
      readonly url?: string;
      /** Of a form; empty for an address. */
      readonly fields: readonly QuestionField[];
    }
  | {
      readonly type: 'question-answered';
      readonly questionId: string;
      readonly action: McpAnswer['action'];
    }
  /** Words of the user that came while it worked, taken up before the next step. */
  | { readonly type: 'steered'; readonly text: string }
  | { readonly type: 'todo'; readonly items: readonly TodoItem[] }
  | { readonly type: 'compacted'; readonly tokensBefore: number; readonly tokensAfter: number }
  /** Something that the user should know and that ends nothing: a retry, a limit that is near. */
  | { readonly type: 'notice'; readonly text: string }
  /** A hook has run. */
  | ({ readonly type: 'hook' } & HookReport)
  | { readonly type: 'usage'; readonly usage: AgentUsage }
  /** An event of a subagent that a `task` call runs. */
  | { readonly type: 'subagent'; readonly callId: string; readonly event: AgentEvent }
  | {
      readonly type: 'end';
      readonly status: 'completed' | 'failed' | 'canceled';
      /** Always says how it ended, and what to do where it failed. */
      readonly message: string;
      readonly reason: AgentEndReason;
      readonly usage: AgentUsage;
    };

export type AgentStatus = 'planning' | 'executing' | 'verifying';

export type AgentEndReason =
  | 'done'
  | 'refused'
  | 'max-steps'
  | 'timeout'
  | 'max-tokens'
  | 'budget'
  | 'repeated-failure'
  | 'denied'
  | 'model-failed'
  /** Something else failed, as the database. */
  | 'failed'
  | 'canceled';

/** Of the whole run, subagents too. */
export interface AgentUsage {
  readonly steps: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  /** Undefined as long as nobody has said what an answer cost. */
  readonly costMicroUsd?: number;
}

export type Decision = 'allow_once' | 'allow_session' | 'allow_project' | 'deny';

export interface TodoItem {
  readonly text: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
}
