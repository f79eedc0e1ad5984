import type { Hub } from '@zeke/mcp';
import { z } from 'zod';
import { defineTool } from '../define-tool.ts';
import type { Tool, ToolContext } from '../tool.ts';
import type { CallQuestions } from './call-questions.ts';
import { mcpFailuresTold } from './mcp-tools.ts';
import { contentsText } from './result-output.ts';

/** Resources and prompts that one call lists, of one server. */
const maxListed = 200;

/** Tools that list and read what MCP servers offer beside tools. None where there is no server. */
export function mcpResourceTools(hub: Hub, questions: CallQuestions): Tool[] {
  if (hub.servers().length === 0) return [];
  return [listTool(hub), readTool(hub, questions)] as Tool[];
}

function listTool(hub: Hub) {
  return defineTool({
    name: 'list_mcp_resources',
    description:
      'Lists the resources of an MCP server: texts and files that it offers by address. read_mcp_resource reads one.',
    isReadOnly: true,
    input: z.strictObject({ server: serverName(hub) }),
    actions: ({ server }) => [{ kind: 'mcp', server, tool: 'list_mcp_resources' }],
    run: ({ server }, context) =>
      mcpFailuresTold(server, async () => {
        const { resources, templates } = await hub.offers(server, optionsOf(context));
        const lines = [
          ...resources.map(({ description, name, uri }) => `${uri} ${description ?? name}`),
          ...templates.map(
            ({ description, name, uriTemplate }) => `${uriTemplate} ${description ?? name}`,
          ),
        ];
        const more = lines.length > maxListed ? [`and ${lines.length - maxListed} more`] : [];
        const text = [...lines.slice(0, maxListed), ...more].join('\n');
        return { text: text || 'it has none', summary: `${server}: ${lines.length} resources` };
      }),
  });
}

function readTool(hub: Hub, questions: CallQuestions) {
  return defineTool({
    name: 'read_mcp_resource',
    description: 'Reads a resource of an MCP server by its address.',
    isReadOnly: true,
    input: z.strictObject({
      server: serverName(hub),
      uri: z.string().min(1).describe('As list_mcp_resources shows it; templates filled in'),
    }),
    actions: ({ server }) => [{ kind: 'mcp', server, tool: 'read_mcp_resource' }],
    run: ({ server, uri }, context) =>
      questions.during(server, context, () =>
        mcpFailuresTold(server, async () => {
          const { contents } = await hub.readResource(server, uri, optionsOf(context));
          return { text: contentsText(contents) || '(it is empty)', summary: `${server}: ${uri}` };
        }),
      ),
  });
}

function serverName(hub: Hub) {
  const names = hub.servers().map(({ name }) => name);
  return z.enum(names as [string, ...string[]]).describe('The name of the server');
}

function optionsOf({ callId, sessionId, signal }: ToolContext) {
  return { signal, origin: { sessionId, callId } };
}
