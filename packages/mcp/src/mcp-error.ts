import { ProtocolError } from '@modelcontextprotocol/server';
import { type Code, RpcError } from '@zeke/rpc';

/** Errors of MCP that are zeke's own, with their JSON-RPC codes: the range that the protocol leaves to servers. */
export const mcpErrorCodes = {
  'tool-not-found': -32_000,
  'tool-failed': -32_001,
  'resource-not-found': -32_002,
  /** By a rule of the policy, whatever was asked for. */
  denied: -32_003,
  'prompt-not-found': -32_004,
  'prompt-failed': -32_005,
  'consent-required': -32_006,
  authentication: -32_007,
  'rate-limited': -32_008,
  overloaded: -32_009,
  'version-mismatch': -32_010,
} as const;

export type McpErrorName = keyof typeof mcpErrorCodes;

/** An error as the caller of an MCP method reads it: a sentence that says what was wrong and what to do. */
export function mcpError(
  name: McpErrorName,
  message: string,
  data?: Readonly<Record<string, unknown>>,
): ProtocolError {
  return new ProtocolError(mcpErrorCodes[name], message, { reason: name, ...data });
}

/** What an error of a tool, a resource or a prompt is called in MCP; one that has a code already keeps it. */
export function asMcpError(error: unknown, failed: McpErrorName): ProtocolError {
  if (ProtocolError.isInstance(error)) return error;
  const { code, message } = RpcError.from(error);
  return mcpError(names[code] ?? failed, message);
}

const names: Partial<Record<Code, McpErrorName>> = {
  permission_denied: 'denied',
  resource_exhausted: 'overloaded',
  unauthenticated: 'authentication',
};
