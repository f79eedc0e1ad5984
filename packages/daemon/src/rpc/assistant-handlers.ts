import { type AgentServiceOptions, agentService } from './agent-service.ts';
import { chatService } from './chat-service.ts';
import { commitService, reviewService } from './review-service.ts';
import { sessionService } from './session-service.ts';
import { testGenService } from './testgen-service.ts';

/** What answers calls of the agent's services, by the service's name. */
export function assistantHandlers(options: AgentServiceOptions): ReadonlyMap<string, object> {
  const { assistant } = options;
  return new Map<string, object>([
    ['reaper.Agent', agentService(options)],
    ['reaper.Chat', chatService(options)],
    ['reaper.Commit', commitService(options)],
    ['reaper.Review', reviewService(options)],
    ['reaper.Session', sessionService(assistant)],
    ['reaper.TestGen', testGenService(options)],
  ]);
}
