import type { McpScope } from '@zeke/foundation';
import type { McpCaller } from '../server/served.ts';

/** A call over MCP, as rules see it. */
export interface McpCall {
  /** `in`: somebody calls zeke; `out`: zeke calls another server. */
  readonly direction: 'in' | 'out';
  readonly kind: 'tool' | 'resource' | 'prompt';
  /** Of a tool or a prompt, with its server's name before where it has one; or an address. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly caller: McpCaller;
  /** What it can touch; empty for what touches nothing. */
  readonly scopes: readonly McpScope[];
  /** Of the tool, as its server describes it, where that was another than before. */
  readonly changed?: ToolChange;
}

/** How a tool describes itself, and how it did when somebody said that it may be called. */
export interface ToolChange {
  readonly server: string;
  readonly tool: string;
  /** For people: lines with `-` and `+`. */
  readonly diff: string;
}
