import { ProtocolError } from '@modelcontextprotocol/server';
import type { Tool, ToolOutput } from '@zeke/assistant';
import type { Guard, McpCaller } from '@zeke/mcp';
import { nameOverMcp, resultOf, scopesOfActions } from './assistant-tools.ts';

/**
 * A tool of an agent that works for who calls over MCP: each call is judged, recorded and its result cleaned
 * as if the caller had made it. What is refused is told to the model.
 */
export function guardedTool(tool: Tool, guard: Guard, caller: McpCaller): Tool {
  return {
    ...tool,
    parse: (input) => tool.parse(input),
    actions: (input, place) => tool.actions(input, place),
    ...(tool.preview && { preview: (input, place) => tool.preview?.(input, place) ?? none }),
    run: async (input, context) => {
      let output: ToolOutput = { text: '' };
      const call = {
        direction: 'in' as const,
        kind: 'tool' as const,
        name: nameOverMcp(tool.name),
        arguments: argumentsOf(input),
        caller,
        scopes: scopesOfActions(tool, context.allowed),
      };
      try {
        const { content } = await guard.run(call, context.signal, async () => {
          output = await tool.run(input, context);
          return resultOf(output);
        });
        const texts = content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
        // What the policy has taken out must not come back in a difference.
        const { shownFile: _, ...cleaned } = output;
        return { ...cleaned, text: texts.join('\n') };
      } catch (error) {
        if (!ProtocolError.isInstance(error)) throw error;
        return { text: error.message, isError: true, summary: 'refused by the policy' };
      }
    },
  };
}

const none = Promise.resolve([]);

function argumentsOf(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? { ...input } : {};
}
