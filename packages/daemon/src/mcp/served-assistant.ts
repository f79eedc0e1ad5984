import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/server';
import { mcpError, type Served, type ServedContext } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { ownSession, type ServedAssistantOptions } from './assistant-access.ts';
import { failed } from './assistant-tools.ts';
import { type RunWish, runOverMcp } from './run-over-mcp.ts';
import { sessionResources } from './session-resources.ts';

/** The assistant itself over MCP: `ask` and `agent` as tools, its sessions as resources. */
export function servedAssistant(options: ServedAssistantOptions): Served {
  return {
    tools: {
      list: () => [askTool, agentTool],
      call: async ({ arguments: args, name }, context) => {
        try {
          if (name === askTool.name) return await ask(parsed(askInput, args), options, context);
          if (name === agentTool.name) {
            return await runOverMcp(parsed(agentInput, args) as RunWish, options, context);
          }
        } catch (error) {
          return failed(error);
        }
        throw mcpError('tool-not-found', `there is no tool ${name}`);
      },
    },
    resources: sessionResources(options),
  };
}

const sessionId = z
  .string()
  .max(100)
  .optional()
  .describe('Goes on with a session; `session_id` of a result');
const model = z
  .string()
  .max(200)
  .optional()
  .describe('`provider/model` or an alias; else what zeke is configured with');

const askInput = z.strictObject({
  question: z.string().trim().min(1).max(200_000).describe('Mentions as @src/a.ts are looked up'),
  model,
  session_id: sessionId,
});

const agentInput = z.strictObject({
  task: z.string().trim().min(1).max(200_000).describe('What is to be done, and when it is done'),
  mode: z
    .enum(['plan', 'ask', 'auto-edit', 'full'])
    .optional()
    .describe('What goes without a question: reading; reading; edits, too; all that rules allow'),
  model,
  session_id: sessionId,
  max_steps: z.int().min(1).max(1_000).optional().describe('Answers of the model'),
});

const askTool: McpTool = {
  name: 'ask',
  description:
    "Asks zeke's assistant about the project. It reads files and searches by itself and changes nothing. For questions that take reading in many places; else use the other tools.",
  inputSchema: schemaOf(askInput),
  annotations: { readOnlyHint: true, openWorldHint: true },
};

const agentTool: McpTool = {
  name: 'agent',
  description:
    "Has zeke's agent do a task of several steps in the project: it plans, edits, runs commands and checks. Gives a summary and the changed files. Each of its calls is judged as yours would be; some wait until a person has allowed them.",
  inputSchema: schemaOf(agentInput),
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
};

function schemaOf(input: z.ZodType): McpTool['inputSchema'] {
  const schema: Readonly<Record<string, unknown>> = z.toJSONSchema(input, { io: 'input' });
  return { ...schema, type: 'object' };
}

/** Throws `invalid_argument` that names the field. */
function parsed<Input extends z.ZodType>(input: Input, args: unknown): z.output<Input> {
  const result = input.safeParse(args);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
  throw new RpcError('invalid_argument', faults.join('; '));
}

async function ask(
  asked: z.output<typeof askInput>,
  { assistant, config, project }: ServedAssistantOptions,
  { onProgress, signal }: ServedContext,
): Promise<CallToolResult> {
  const { chat, sessions } = await assistant();
  const { assistant: defaults, rpc } = config();
  const { question, session_id } = asked;
  if (session_id !== undefined) await ownSession(session_id, sessions, project);
  const request = {
    messages: [{ role: 'user' as const, content: question }],
    model: asked.model ?? defaults.model,
    timeoutMs: rpc.chatTimeoutMs,
    ...(session_id === undefined
      ? { place: { project, cwd: project.root } }
      : { sessionId: session_id }),
  };
  let text = '';
  let told = 0;
  let session = '';
  for await (const { activity, delta, sessionId: id } of chat.send(request, signal)) {
    text += delta;
    session = id;
    if (activity !== undefined) onProgress({ progress: ++told, message: activity });
  }
  return {
    content: [{ type: 'text', text }],
    structuredContent: { session_id: session, answer: text },
  };
}
