export type { AgentEvent } from './agent/agent-event.ts';
export type { ModelClient } from './model/model-client.ts';
export { defineTool } from './tools/define-tool.ts';
