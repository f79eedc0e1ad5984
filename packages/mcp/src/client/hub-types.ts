import type { Tool } from '@modelcontextprotocol/client';
import type { McpServerConfig } from '@zeke/foundation';
import type { ToolChange } from '../policy/mcp-call.ts';
import type { McpCaller } from '../server/served.ts';
import type { CallOrigin } from './questions.ts';

/** A server as the hub is given it. */
export interface HubServer {
  readonly config: McpServerConfig;
  /** Who wrote it down: the user, or a project. */
  readonly source: 'config' | 'project';
  /** Why a person has to agree before it is used; absent: nobody has to, or somebody has. */
  readonly needsConsent?: string;
  /** Why it cannot be used as it is written. */
  readonly fault?: string;
}

/** How a server is. All but `ready` have a reason, or none that anybody would ask for. */
export type ServerStatus =
  /** Not connected: it is when it is needed. */
  'idle' | 'connecting' | 'ready' | 'needs-auth' | 'needs-consent' | 'failed' | 'disabled';

/** A server as people see it. */
export interface ServerView {
  readonly name: string;
  readonly status: ServerStatus;
  readonly reason?: string;
  readonly source: 'config' | 'project';
  readonly transport: McpServerConfig['transport'];
  /** What is started or called, without secrets. */
  readonly address: string;
  /** Known from the last connection. */
  readonly tools: number;
  /** What was left out of its lists, and why. */
  readonly notes: readonly string[];
  readonly protocolVersion?: string;
  /** What it calls itself. */
  readonly implementation?: { readonly name: string; readonly version: string };
  readonly instructions?: string;
  /** What the last connection took, in milliseconds. */
  readonly connectMs?: number;
}

/** A tool of a server. */
export interface McpTool {
  /** Among all tools of the hub: `server__tool`. */
  readonly name: string;
  readonly server: string;
  /** As its server calls it. */
  readonly tool: string;
  /** As its server describes it: words of somebody else. */
  readonly descriptor: Tool;
  /** Its server says so, and its word counts. */
  readonly isReadOnly: boolean;
  /** Where it describes itself differently than when it was agreed to: a call of it takes consent. */
  readonly changed?: ToolChange;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: McpProgress) => void;
  readonly origin?: CallOrigin;
  /** For whom: what rules go by. Default: somebody on this machine. */
  readonly caller?: McpCaller;
}

/** Long work of a server while it goes on. */
export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}
