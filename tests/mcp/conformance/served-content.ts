import {
  acceptedContent,
  type GetPromptResult,
  inputRequired,
  type Prompt,
  type ResourceContents,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import { mcpError, type ServedContext, type ServedPrompts, type ServedResources } from '@zeke/mcp';
import type { Changes } from './changes.ts';
import { image } from './samples.ts';

/** The resources that the scenarios of the conformance suite read. */
export const conformanceResources: ServedResources = {
  list: () =>
    [...contents].map(([uri, { mimeType }]) => ({
      uri,
      name: uri.slice('test://'.length),
      mimeType,
    })),
  templates: () => [
    { name: 'template', uriTemplate: 'test://template/{id}/data', mimeType: 'application/json' },
  ],
  read: async (uri) => {
    const found = contents.get(uri) ?? fromTemplate(uri);
    if (!found) throw new ResourceNotFoundError(uri);
    return { contents: [{ uri, ...found }] };
  },
  subscribe: async (uri) => {
    if (!contents.has(uri)) throw new ResourceNotFoundError(uri);
    return () => undefined;
  },
};

type Content = Omit<ResourceContents, 'uri'> &
  ({ text: string } | { blob: string }) & {
    mimeType: string;
  };

const contents = new Map<string, Content>([
  ['test://static-text', { mimeType: 'text/plain', text: 'This is the content of a static text.' }],
  ['test://static-binary', { mimeType: 'image/png', blob: image }],
  ['test://watched-resource', { mimeType: 'text/plain', text: 'Watched resource content' }],
]);

function fromTemplate(uri: string): Content | undefined {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) return undefined;
  const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { mimeType: 'application/json', text };
}

interface FixturePrompt extends Omit<Prompt, 'name'> {
  get(
    args: Readonly<Record<string, string>>,
    context: ServedContext,
  ): GetPromptResult['messages'] | Promise<GetPromptResult['messages']>;
}

/** The prompts that the scenarios of the conformance suite get. */
export function conformancePrompts(changes: Changes): ServedPrompts {
  return {
    list: () => [...prompts].map(([name, { get: _get, ...prompt }]) => ({ name, ...prompt })),
    get: async ({ arguments: args, name }, context) => {
      const prompt = prompts.get(name);
      if (!prompt) throw mcpError('prompt-not-found', `there is no prompt ${name}`);
      return { messages: await prompt.get(args, context) };
    },
    onChange: (listener) => changes.hear('prompts', listener),
  };
}

function said(text: string): GetPromptResult['messages'][number] {
  return { role: 'user', content: { type: 'text', text } };
}

const prompts = new Map<string, FixturePrompt>([
  [
    'test_simple_prompt',
    { description: 'Without arguments', get: () => [said('This is a simple prompt for testing.')] },
  ],
  [
    'test_prompt_with_arguments',
    {
      description: 'With two arguments',
      arguments: [
        { name: 'arg1', description: 'First test argument', required: true },
        { name: 'arg2', description: 'Second test argument', required: true },
      ],
      get: ({ arg1, arg2 }) => [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    },
  ],
  [
    'test_prompt_with_embedded_resource',
    {
      description: 'With a resource in it',
      arguments: [{ name: 'resourceUri', description: 'Which resource', required: true }],
      get: ({ resourceUri }) => [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri: String(resourceUri),
              mimeType: 'text/plain',
              text: 'Embedded resource content for testing.',
            },
          },
        },
        said('Please process the embedded resource above.'),
      ],
    },
  ],
  [
    'test_prompt_with_image',
    {
      description: 'With an image in it',
      get: () => [
        { role: 'user', content: { type: 'image', data: image, mimeType: 'image/png' } },
        said('Please analyze the image above.'),
      ],
    },
  ],
  [
    'test_input_required_result_prompt',
    {
      description: 'Asks before it is there',
      get: async (_args, { ask }) => {
        const answers = await ask({
          user_context: inputRequired.elicit({
            message: 'What context should the prompt use?',
            requestedSchema: {
              type: 'object',
              properties: { context: { type: 'string' } },
              required: ['context'],
            },
          }),
        });
        const context = acceptedContent<{ context: string }>(answers, 'user_context')?.context;
        return [said(`Use the following context: ${context}`)];
      },
    },
  ],
]);
