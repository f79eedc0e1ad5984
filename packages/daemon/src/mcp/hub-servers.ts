import type { McpConfig } from '@zeke/foundation';
import { type HubServer, type ProjectPlace, projectServers } from '@zeke/mcp';

/**
 * The servers of the configuration, and of a project's `.mcp.json` where there is one. Where both have a name,
 * the user's own counts. Throws `failed_precondition` where the project's file is wrong.
 */
export async function hubServers(mcp: McpConfig, project?: ProjectPlace): Promise<HubServer[]> {
  const own = [...mcp.servers.values()].map((config) => ({ config, source: 'config' as const }));
  if (project === undefined || !mcp.projectServers) return own;
  const theirs = await projectServers(project);
  return [...own, ...theirs.filter(({ config }) => !mcp.servers.has(config.name))];
}
