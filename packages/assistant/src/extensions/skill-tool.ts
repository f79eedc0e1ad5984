import { nearest } from '@zeke/foundation';
import { z } from 'zod';
import { defineTool } from '../tools/define-tool.ts';
import type { Tool } from '../tools/tool.ts';
import type { Skill } from './extensions.ts';

/** Of descriptions in the tool's own, in characters; skills beyond it are named only. */
const maxListLength = 20_000;

const input = z.object({ name: z.string().min(1).max(64).describe('A name of the list') });

/** The tool `skill`, which gives a model the instructions for a kind of task; none where there are no skills. */
export function skillTools(skills: readonly Skill[]): readonly Tool[] {
  if (skills.length === 0) return [];
  const tool = defineTool({
    name: 'skill',
    description: `Gives you instructions for a kind of task. Read those that fit the task before you begin it. There are:\n${listOf(skills)}`,
    isReadOnly: true,
    input,
    actions: () => [],
    run: async ({ name }) => {
      const skill = skills.find((each) => each.name === name);
      if (skill === undefined) return unknown(name, skills);
      const files = `Paths in it start at ${skill.folder}.`;
      return { text: `${skill.body}\n\n[${files}]`, summary: name };
    },
  });
  return [tool];
}

function listOf(skills: readonly Skill[]): string {
  let length = 0;
  return skills
    .map(({ description, name }) => {
      length += description.length;
      return length > maxListLength ? `- ${name}` : `- ${name}: ${description}`;
    })
    .join('\n');
}

function unknown(name: string, skills: readonly Skill[]) {
  const names = skills.map((skill) => skill.name);
  const [near] = nearest(name, names);
  const meant = near === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${near}?`;
  return { text: `There is no skill ${name}. ${meant}`, isError: true, summary: 'not found' };
}
