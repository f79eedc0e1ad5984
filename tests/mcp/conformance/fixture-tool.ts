import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import type { ServedContext } from '@zeke/mcp';

/** A tool of the fixture: what is listed, and what it does. */
export interface FixtureTool {
  readonly inputSchema?: Tool['inputSchema'];
  readonly call: (
    args: Readonly<Record<string, unknown>>,
    context: ServedContext,
  ) => CallToolResult | Promise<CallToolResult>;
}

/** A result of one text. */
export function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
