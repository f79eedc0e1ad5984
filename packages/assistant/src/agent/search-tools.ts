import { z } from 'zod';
import { defineTool } from '../tools/define-tool.ts';
import type { Tool } from '../tools/tool.ts';
import { modelTool } from './tool-registry.ts';

/** How many tools one search brings. */
const maxFound = 8;
/** How many servers the description names. */
const maxServers = 30;

const input = z.object({
  query: z
    .string()
    .min(1)
    .max(500)
    .describe('What the tool should do, in a few words, or a part of its name'),
});

/**
 * Finds among deferred tools those that a query is about, tells the model what they take, and says to
 * `onFound` which they are: it may call them from then on.
 */
export function createSearchTools(
  deferred: readonly Tool[],
  onFound: (names: readonly string[]) => Promise<void>,
): Tool<z.output<typeof input>> {
  return defineTool({
    name: 'search_tools',
    description: `Finds more tools, which you may call after you have found them. There are ${deferred.length}, of: ${serversOf(deferred)}.`,
    isReadOnly: true,
    input,
    actions: () => [],
    run: async ({ query }) => {
      const found = search(deferred, query);
      if (found.length === 0) {
        return { text: `No tool is about "${query}". Try other words, or do it without.` };
      }
      await onFound(found.map(({ name }) => name));
      const described = found.map((tool) => JSON.stringify(modelTool(tool)));
      return {
        text: `You may call these from now on:\n${described.join('\n')}`,
        summary: found.map(({ name }) => name).join(', '),
      };
    },
  });
}

function serversOf(tools: readonly Tool[]): string {
  const servers = [...new Set(tools.map(({ name }) => name.split('__')[0] ?? name))];
  const more = servers.length > maxServers ? ', …' : '';
  return servers.slice(0, maxServers).join(', ') + more;
}

function search(tools: readonly Tool[], query: string): Tool[] {
  const words = wordsOf(query);
  return tools
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, maxFound)
    .map(({ tool }) => tool);
}

/** A word of the name counts more than one of the description. */
function scoreOf(tool: Tool, words: readonly string[]): number {
  const name = wordsOf(tool.name);
  const description = new Set(wordsOf(tool.description));
  let score = 0;
  for (const word of words) {
    if (name.includes(word)) score += 5;
    else if (name.some((part) => part.startsWith(word) || word.startsWith(part))) score += 2;
    if (description.has(word)) score += 1;
  }
  return score;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
}
