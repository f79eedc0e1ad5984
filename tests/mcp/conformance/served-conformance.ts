import type { Served } from '@zeke/mcp';
import { Changes } from './changes.ts';
import { conformancePrompts, conformanceResources } from './served-content.ts';
import { conformanceTools } from './served-tools.ts';

/** What the scenarios of the conformance suite ask of a server. */
export function servedConformance(): Served {
  const changes = new Changes();
  return {
    tools: conformanceTools(changes),
    resources: conformanceResources,
    prompts: conformancePrompts(changes),
    complete: async () => ({ completion: { values: [], total: 0, hasMore: false } }),
  };
}
