import { z } from 'zod';
import { defineTool } from '../define-tool.ts';
import type { Tool } from '../tool.ts';

const maxItems = 100;

/** The tools that touch nothing but the session: `todo` and `think`. */
export function noteTools(): readonly Tool[] {
  return [todoTool(), thinkTool()];
}

const todoInput = z.strictObject({
  items: z
    .array(
      z.strictObject({
        text: z.string().min(1).max(500).describe('What is to be done'),
        status: z.enum(['pending', 'in_progress', 'completed']),
      }),
    )
    .max(maxItems)
    .describe('The whole list, in order: it takes the place of the one before'),
});

/** The list itself is kept by the run whose call it is. */
function todoTool(): Tool<z.output<typeof todoInput>> {
  return defineTool({
    name: 'todo',
    description:
      'Keeps the list of what is to be done, which the user sees. Use it for tasks of three steps or more: write the list at the start, keep exactly one item in progress, and mark each completed as soon as it is.',
    isReadOnly: true,
    input: todoInput,
    actions: () => [],
    run: async ({ items }) => {
      const done = items.filter(({ status }) => status === 'completed').length;
      const active = items.filter(({ status }) => status === 'in_progress').length;
      const hint = active > 1 ? ' Keep only one item in progress.' : '';
      const state = `${done} of ${items.length} done`;
      return { text: `The list is kept: ${state}.${hint}`, summary: state };
    },
  });
}

const thinkInput = z.strictObject({
  thought: z.string().max(20_000).describe('What there is to think over'),
});

function thinkTool(): Tool<z.output<typeof thinkInput>> {
  return defineTool({
    name: 'think',
    description:
      'Nothing happens: room to think something over before the next step, where a plan, a list of rules or a result that surprises wants it.',
    isReadOnly: true,
    input: thinkInput,
    actions: () => [],
    run: async () => ({ text: 'Go on.', summary: 'thought' }),
  });
}
