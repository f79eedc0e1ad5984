import type { Hub, McpProgress, McpTool } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import type { CallQuestions } from './call-questions.ts';
import { resultOutput } from './result-output.ts';

/** The longest description of a tool of somebody else that models are shown, in characters. */
const maxMcpDescriptionChars = 4_000;

type Arguments = Readonly<Record<string, unknown>>;

/**
 * The tools of the hub's servers, as of their last connections, as the model can call them: an action of
 * kind `mcp` each; what servers ask within a call goes to `questions`. One that its server says only reads, where the server is trusted, takes no snapshot.
 */
export function mcpTools(hub: Hub, questions: CallQuestions): Tool<Arguments>[] {
  return hub.tools().map((tool) => ({
    name: tool.name,
    description: descriptionOf(tool),
    parameters: { ...tool.descriptor.inputSchema, type: 'object' },
    isReadOnly: tool.isReadOnly,
    parse: (input) => parsedArguments(tool.name, input),
    actions: () => [{ kind: 'mcp', server: tool.server, tool: tool.tool }],
    run: (input, context) =>
      questions.during(tool.server, context, () => called(hub, tool, input, context)),
  }));
}

function descriptionOf({ descriptor, server }: McpTool): string {
  const about = descriptor.description ?? descriptor.title ?? descriptor.name;
  return `${about.slice(0, maxMcpDescriptionChars)}\n(a tool of the MCP server ${server})`;
}

/** What its schema says is checked by the hub. */
function parsedArguments(name: string, input: unknown): Arguments {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input };
  if (input === undefined || input === null) return {};
  throw new RpcError('invalid_argument', `${name}: arguments: they must be an object`);
}

function called(
  hub: Hub,
  { name, server }: McpTool,
  args: Arguments,
  { callId, onProgress, sessionId, signal }: ToolContext,
): Promise<ToolOutput> {
  return mcpFailuresTold(server, async () => {
    const result = await hub.callTool(name, args, {
      signal,
      origin: { sessionId, callId },
      onProgress: (progress) => onProgress(progressText(progress)),
    });
    return resultOutput(result);
  });
}

/** Errors of the protocol, as of the policy, are told like ours. */
export function mcpFailuresTold(
  server: string,
  work: () => Promise<ToolOutput>,
): Promise<ToolOutput> {
  return withFailuresTold(async () => {
    try {
      return await work();
    } catch (error) {
      // Loaded by now, by who made the hub; the assistant alone does without it.
      const { hubError } = await import('@zeke/mcp');
      throw hubError(error, server);
    }
  });
}

function progressText({ message, progress, total }: McpProgress): string {
  const count = total === undefined ? String(progress) : `${progress} of ${total}`;
  return message === undefined ? count : `${count}: ${message}`;
}
