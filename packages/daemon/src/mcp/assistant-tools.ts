import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/server';
import type { PermissionAction, Project, Tool, ToolOutput } from '@zeke/assistant';
import { isWithin } from '@zeke/assistant';
import type { McpScope } from '@zeke/foundation';
import { mcpError, type ServedTools, type ToolCall } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';

/** Names that tools have over MCP where the assistant has others. */
const otherNames: Readonly<Record<string, string>> = {
  shell: 'shell_execute',
  web_fetch: 'http_request',
};

/** The assistant's tools over MCP, and what each call of them would touch. */
export interface AssistantTools {
  readonly tools: ServedTools;
  /** For the guard: of one call, by what the tool says that it would do. */
  readonly scopesOf: (call: ToolCall) => Promise<readonly McpScope[]>;
}

/**
 * The tools of the assistant in one project. A call that would leave the project is refused: over MCP
 * nobody is there to be asked about each path.
 */
export function assistantTools(tools: readonly Tool[], project: Project): AssistantTools {
  const byName = new Map(tools.map((tool) => [nameOverMcp(tool.name), tool]));
  const find = (name: string): Tool => {
    const tool = byName.get(name);
    if (tool) return tool;
    throw mcpError('tool-not-found', `there is no tool ${name}`);
  };
  const actionsOf = async ({ arguments: args, name }: ToolCall, sessionId: string) => {
    const tool = find(name);
    const place = { project, cwd: project.root, sessionId };
    const input = tool.parse(args);
    return { tool, input, place, actions: await tool.actions(input, place) };
  };
  return {
    tools: {
      list: () => [...byName].map(([name, tool]) => listed(name, tool)),
      call: async (call, { caller, onProgress, signal }) => {
        const sessionId = `mcp-${caller.sessionId ?? caller.id}`;
        let told = 0;
        try {
          const { actions, input, place, tool } = await actionsOf(call, sessionId);
          refuseOutside(actions, project);
          const output = await tool.run(input, {
            ...place,
            callId: crypto.randomUUID(),
            signal,
            allowed: actions,
            onProgress: (message) => {
              told += 1;
              onProgress({ progress: told, message: message.slice(-maxProgressChars) });
            },
          });
          return resultOf(output);
        } catch (error) {
          return failed(error);
        }
      },
    },
    scopesOf: async (call) => {
      try {
        const { actions, tool } = await actionsOf(call, 'mcp');
        return scopesOfActions(tool, actions);
      } catch {
        // What can't be read touches nothing: the call itself will say what is wrong with it.
        return [];
      }
    },
  };
}

/** What a tool of the assistant is called over MCP. */
export function nameOverMcp(name: string): string {
  return otherNames[name] ?? name;
}

/** What rules of the policy call what a call would do. */
export function scopesOfActions(
  { isReadOnly, name }: Pick<Tool, 'isReadOnly' | 'name'>,
  actions: readonly PermissionAction[],
): readonly McpScope[] {
  const changesGit = name.startsWith('git_') && !isReadOnly;
  return [...new Set(actions.map(scopeOf)), ...(changesGit ? ['git' as const] : [])];
}

/** Of one message. */
const maxProgressChars = 2_000;

function listed(name: string, { description, isReadOnly, parameters }: Tool): McpTool {
  return {
    name,
    description,
    inputSchema: { ...parameters, type: 'object' },
    annotations: { readOnlyHint: isReadOnly, openWorldHint: name === 'http_request' },
  };
}

function scopeOf(action: PermissionAction): McpScope {
  switch (action.kind) {
    case 'read':
      return 'fs.read';
    case 'write':
      return 'fs.write';
    case 'shell':
      return 'shell.execute';
    case 'fetch':
      return 'net';
    case 'mcp':
      return 'unknown';
  }
}

function refuseOutside(actions: readonly PermissionAction[], project: Project): void {
  for (const action of actions) {
    if (action.kind !== 'read' && action.kind !== 'write') continue;
    if (isWithin(project.root, action.path)) continue;
    throw new RpcError(
      'permission_denied',
      `${action.path} is outside of the project ${project.root}: tools over MCP stay in it`,
    );
  }
}

/** An output as a result. */
export function resultOf({ images = [], isError, text }: ToolOutput): CallToolResult {
  return {
    content: [
      { type: 'text', text },
      ...images.map(({ base64, mediaType }) => ({
        type: 'image' as const,
        data: base64,
        mimeType: mediaType,
      })),
    ],
    ...(isError ? { isError: true } : {}),
  };
}

/** What the model that called can mend is a result; the rest goes on. */
export function failed(error: unknown): CallToolResult {
  const isMendable =
    error instanceof RpcError &&
    [
      'invalid_argument',
      'not_found',
      'failed_precondition',
      'permission_denied',
      'aborted',
    ].includes(error.code);
  if (!isMendable) throw error;
  return { isError: true, content: [{ type: 'text', text: error.message }] };
}
