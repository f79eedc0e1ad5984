import type { Project } from '@zeke/assistant';
import type { ResolvedConfig } from '@zeke/foundation';
import type { Consents, Guard } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import type { AssistantParts } from '../assistant/assistant-parts.ts';

/** What the assistant over MCP stands on. */
export interface ServedAssistantOptions {
  readonly assistant: () => Promise<AssistantParts>;
  /** Where it works. */
  readonly project: Project;
  readonly guard: Guard;
  /** Where people are asked who do not sit at the client. */
  readonly consents: Consents;
  /** In force now. */
  readonly config: () => ResolvedConfig;
}

/** Sessions of other projects are none of theirs who call. Throws `not_found`. */
export async function ownSession(
  id: string,
  sessions: AssistantParts['sessions'],
  project: Project,
): ReturnType<AssistantParts['sessions']['info']> {
  const info = await sessions.info(id).catch(() => undefined);
  if (info?.project.root === project.root) return info;
  throw new RpcError('not_found', `there is no session ${id} of this project`);
}
