import type { Prompt } from '@modelcontextprotocol/server';
import { mcpError, type ServedPrompts } from '@zeke/mcp';

interface ServedPrompt extends Omit<Prompt, 'name'> {
  text(args: Readonly<Record<string, string>>): string;
}

const what = {
  name: 'path',
  description: 'A file, with a name in it where one is meant: src/a.ts#load',
};

/** What zeke's commands ask a model for, as prompts for any client whose model has zeke's tools. */
const prompts: Readonly<Record<string, ServedPrompt>> = {
  review: {
    title: 'Review changes',
    description: 'Finds defects in changes, each with its place, how bad it is, and a patch',
    arguments: [
      { name: 'range', description: 'Commits, as main..HEAD; else what is not committed' },
    ],
    text: ({ range }) =>
      `Review ${range ? `the commits ${range}` : 'the changes that are not committed yet'}. Read the difference, then the files around it until you know what the code does. Report defects only, not taste: for each one the file and line, how bad it is (critical, major, minor), why it is one, and the smallest patch that mends it. Say so plainly when there is none.`,
  },
  explain: {
    title: 'Explain code',
    description: 'Explains a file, or something in it',
    arguments: [{ ...what, required: true }],
    text: ({ path }) =>
      `Explain ${path}. Read it and what it uses. Say first in two sentences what it is for, then how it works, step by step, with names and places, and last what is surprising or easy to get wrong.`,
  },
  commit: {
    title: 'Write a commit message',
    description: 'A message for what is staged',
    arguments: [],
    text: () =>
      'Write a commit message for what is staged. Look at the difference and at the last ten messages, and keep to their form. The first line says what changes for whom, in at most 72 characters; a body only where the why is not plain. Answer with the message alone.',
  },
  test: {
    title: 'Write tests',
    description: 'Tests for a file, or something in it',
    arguments: [{ ...what, required: true }],
    text: ({ path }) =>
      `Write tests for ${path}. Look at how the project tests and keep to it. Cover what it promises, its limits and what goes wrong; each test has to be able to fail. Run them, and mend the tests until they pass; where the code itself is wrong, say so and leave it.`,
  },
  refactor: {
    title: 'Refactor code',
    description: 'Makes code simpler without a change of what it does',
    arguments: [
      { ...what, required: true },
      { name: 'goal', description: 'What should be better after' },
    ],
    text: ({ goal, path }) =>
      `Refactor ${path}${goal ? ` so that ${goal}` : ' so that it is simpler'}, without a change of what it does. Find who uses it first. Go in small steps, and run the tests after each.`,
  },
  fix: {
    title: 'Fix a defect',
    description: 'Finds the cause of a failure, and mends it',
    arguments: [
      {
        name: 'failure',
        description: 'What goes wrong: a message, a failing test',
        required: true,
      },
    ],
    text: ({ failure }) =>
      `Find out why this goes wrong, and mend it: ${failure}\nMake it happen first, with a test where that is possible. Mend the cause and not the sign, as little as it takes, and run the tests.`,
  },
};

/** Prompts of the assistant. */
export function projectPrompts(): ServedPrompts {
  return {
    list: () =>
      Object.entries(prompts).map(([name, { text: _text, ...prompt }]) => ({ name, ...prompt })),
    get: async ({ arguments: args, name }) => {
      const prompt = Object.hasOwn(prompts, name) ? prompts[name] : undefined;
      if (!prompt) throw mcpError('prompt-not-found', `there is no prompt ${name}`);
      const missing = prompt.arguments?.find((each) => each.required && !args[each.name]);
      if (missing) throw mcpError('prompt-failed', `${name}: ${missing.name} is missing`);
      const text = prompt.text(args);
      return { messages: [{ role: 'user', content: { type: 'text', text } }] };
    },
  };
}
