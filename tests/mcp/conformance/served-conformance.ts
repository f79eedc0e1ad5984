import type { Served, ServedTools } from '@zeke/mcp';
import { Changes } from './changes.ts';
import { conformancePrompts, conformanceResources } from './served-content.ts';
import { conformanceTools } from './served-tools.ts';

/** What the scenarios of the conformance suite ask of a server. */
export function servedConformance(called: () => void = () => undefined): Served {
  const changes = new Changes();
  return {
    tools: counted(conformanceTools(changes), called),
    resources: conformanceResources,
    prompts: conformancePrompts(changes),
    complete: async () => ({ completion: { values: [], total: 0, hasMore: false } }),
  };
}

function counted(tools: ServedTools, called: () => void): ServedTools {
  return {
    ...tools,
    call: (request, context) => {
      called();
      return tools.call(request, context);
    },
  };
}
