import {
  type AgentEvent,
  listCommands,
  modeOfCommand,
  type PermissionMode,
  type Project,
  takeCommand,
} from '@zeke/assistant';
import type { AssistantParts } from '../assistant/assistant-parts.ts';

/** What a command that an instruction calls says of its run. */
export interface CalledCommand {
  readonly instruction: string;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  /** The mode of the run, where `usual` is what it would have without the command. */
  readonly modeOf: (usual: PermissionMode) => PermissionMode;
}

/** The command that an instruction calls; undefined where it calls none. Throws what `takeCommand` throws. */
export async function calledCommand(
  instruction: string,
  project: Project,
  { extensions }: AssistantParts,
): Promise<CalledCommand | undefined> {
  const taken = takeCommand(instruction, (await extensions(project)).commands);
  if (taken === undefined) return undefined;
  const { command } = taken;
  const { agent, model } = command;
  const modeOf = (usual: PermissionMode) => modeOfCommand(command, usual);
  return { instruction: taken.instruction, agent, model, modeOf };
}

/** Whether an instruction asks which commands there are. */
export function asksForHelp(instruction: string): boolean {
  return instruction.trim() === '/help';
}

/** The run that answers `/help`: no model is asked. */
export async function* helpEvents(
  project: Project,
  { extensions }: AssistantParts,
): AsyncGenerator<AgentEvent> {
  const { commands, faults } = await extensions(project);
  for (const text of faults) yield { type: 'notice', text };
  yield { type: 'text', step: 0, text: `${listCommands(commands)}\n` };
  const message = `${commands.length} ${commands.length === 1 ? 'command' : 'commands'}`;
  const usage = { steps: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  yield { type: 'end', status: 'completed', reason: 'done', message, usage };
}
