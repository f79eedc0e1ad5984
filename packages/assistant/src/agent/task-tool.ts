import { z } from 'zod';
import { defineTool } from '../tools/define-tool.ts';
import type { Tool, ToolContext, ToolOutput } from '../tools/tool.ts';
import { type AgentDefinition, ownAgents } from './agent-definition.ts';

/** The longest task that is handed over, in characters. */
const maxPromptLength = 50_000;

const input = z.object({
  agent: z.string().describe('Who does it: one of those in the description'),
  description: z.string().min(1).max(200).describe('The task in a few words, for people'),
  prompt: z
    .string()
    .min(1)
    .max(maxPromptLength)
    .describe('The whole task: what to do, what is known already, what to give back'),
  worktree: z
    .boolean()
    .optional()
    .describe('Work in a copy of the repository; changes come back as a branch'),
});

/** A task that one agent hands to another. */
export type Subtask = z.output<typeof input>;

/** Hands tasks to subagents; several in one answer are done at the same time. */
export function createTaskTool(
  others: readonly AgentDefinition[],
  run: (task: Subtask, context: ToolContext) => Promise<ToolOutput>,
): Tool<Subtask> {
  const agents = [...others, ...ownAgents].filter(({ name }) => name !== 'build');
  const list = agents.map(({ name, description }) => `- ${name}: ${description}`).join('\n');
  return defineTool({
    name: 'task',
    description: `Hands a part of the task to another agent, which works on its own, sees nothing of this conversation, and gives back a report. Several calls in one answer run at the same time. Agents:\n${list}`,
    isReadOnly: false,
    runsBesideOthers: true,
    input,
    actions: () => [],
    run,
  });
}
