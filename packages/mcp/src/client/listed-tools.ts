import type { Client, RequestOptions, Tool } from '@modelcontextprotocol/client';
import type { McpServerConfig } from '@zeke/foundation';
import { isDeeperThan, maxJsonDepth } from '@zeke/foundation';
import { words } from './hub-error.ts';
import { maxDescriptorBytes, maxListItems } from './limits.ts';

/** The longest name of a server's own for a tool, in characters. */
const maxNativeNameChars = 256;

export interface ListedTools {
  readonly tools: readonly Tool[];
  /** What was left out, and why; what the configuration leaves out is not told. */
  readonly notes: readonly string[];
}

/** The tools of a server that are offered, asked of it anew. */
export async function listedTools(
  client: Client,
  config: McpServerConfig,
  options: RequestOptions,
): Promise<ListedTools> {
  const listed = await client.listTools(undefined, { ...options, cacheMode: 'refresh' });
  const tools = new Map<string, Tool>();
  const notes: string[] = [];
  for (const tool of listed.tools) {
    if (!isWanted(config, tool.name)) continue;
    const fault = tools.has(tool.name) ? 'there is another of this name' : faultOf(tool);
    if (fault !== undefined) notes.push(`tool ${words(tool.name.slice(0, 80))}: ${fault}`);
    else if (tools.size < maxListItems) tools.set(tool.name, tool);
  }
  if (listed.tools.length > maxListItems) notes.push(`only ${maxListItems} tools are used`);
  return { tools: [...tools.values()], notes: notes.slice(0, maxNotes) };
}

const maxNotes = 20;

function isWanted({ allowTools, denyTools }: McpServerConfig, name: string): boolean {
  if (denyTools.some((pattern) => fits(pattern, name))) return false;
  return allowTools === undefined || allowTools.some((pattern) => fits(pattern, name));
}

function faultOf(tool: Tool): string | undefined {
  if (tool.name === '') return 'it has no name';
  if (tool.name.length > maxNativeNameChars) return 'its name is too long';
  if (isDeeperThan(tool, maxJsonDepth)) return 'its schema is nested too deep';
  const bytes = JSON.stringify(tool).length;
  return bytes > maxDescriptorBytes ? `its description has ${bytes} bytes` : undefined;
}

/** `*` stands for any text. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}$`).test(name.slice(0, maxNativeNameChars + 1));
}
