import { nearest } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

/** Who works: a task for itself, with the tools for it. */
export interface AgentDefinition {
  readonly name: string;
  /** For the model that hands a task over: when to take this one. */
  readonly description: string;
  /** What it is told of itself, in the system prompt. */
  readonly prompt: string;
  /** The whole of its system prompt, in place of zeke's own with `prompt` in it. */
  readonly system?: string;
  /** It has no tools that can change files, and hands no tasks over. */
  readonly isReadOnly: boolean;
  /** Names of the tools it has; undefined: all. */
  readonly tools?: readonly string[];
}

const build: AgentDefinition = {
  name: 'build',
  description: 'Does tasks of any kind, for people.',
  prompt:
    'You do what the user asks for in the project, from the first look to the proof that it works.',
  isReadOnly: false,
};

const general: AgentDefinition = {
  name: 'general',
  description: 'Does a part of the task on its own: several steps, changes too.',
  prompt:
    'Another agent has handed you a part of its task. You cannot ask it back: do what it says, and end with a report of what you did, what you found and what is left. The report is all that it gets.',
  isReadOnly: false,
};

const explore: AgentDefinition = {
  name: 'explore',
  description:
    'Reads and searches to answer a question about the project; changes nothing. Good for wide searches, whose output would fill your own window.',
  prompt:
    'Another agent has asked you a question about this project. Search widely, read what matters, change nothing. End with the answer: facts with `path:line`, no guesses, nothing that was not asked. The answer is all that it gets.',
  isReadOnly: true,
};

const plan: AgentDefinition = {
  name: 'plan',
  description:
    'Reads, and writes a plan for a change: which files, in which order, what can go wrong; changes nothing.',
  prompt:
    'You make a plan for a change and change nothing. Read what the change would touch. End with the plan: steps in order, each with its files and what is to be done there, how to prove that it works, and what is not decided yet.',
  isReadOnly: true,
};

/** The agents that are always there. */
export const ownAgents: readonly AgentDefinition[] = [build, general, explore, plan];

/** Throws `invalid_argument` for a name that no agent has. */
export function findAgent(name: string, others: readonly AgentDefinition[] = []): AgentDefinition {
  const all = [...others, ...ownAgents];
  const found = all.find((agent) => agent.name === name);
  if (found !== undefined) return found;
  const names = all.map((agent) => agent.name);
  const [near] = nearest(name, names);
  const meant = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new RpcError('invalid_argument', `there is no agent ${name}: ${meant}`);
}
