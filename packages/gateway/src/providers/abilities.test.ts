import { expect, test } from 'bun:test';
import { geminiModels } from './gemini-paths.ts';
import { openAiModels } from './openai-paths.ts';

test.each([
  ['gpt-4o-mini', ['tools', 'vision', 'structured']],
  ['gpt-5-mini', ['tools', 'vision', 'thinking', 'structured']],
  ['gpt-3.5-turbo', ['tools']],
  ['gpt-4-turbo', ['tools', 'vision']],
  ['gpt-4.1', ['tools', 'vision', 'structured']],
  ['gpt-3.5-turbo-instruct', []],
  ['o3-mini', ['tools', 'thinking', 'structured']],
  ['o4-mini', ['tools', 'vision', 'thinking', 'structured']],
  ['gpt-4o-audio-preview', []],
  ['some-server/llama', []],
])('%s is known to have %p', (id, abilities) => {
  expect(openAiModels({ data: [{ id }] })[0]?.abilities).toEqual(abilities as never);
});

test('what a list says of a model is read', () => {
  const mistral = { id: 'm', capabilities: { function_calling: true, vision: true } };
  const openRouter = {
    id: 'x/y',
    supported_parameters: ['tools', 'reasoning', 'structured_outputs'],
    architecture: { input_modalities: ['text', 'image'] },
  };
  const [first, second] = openAiModels({ data: [mistral, openRouter] });
  expect(first?.abilities).toEqual(['tools', 'vision', 'structured']);
  expect(second?.abilities).toEqual(['tools', 'vision', 'thinking', 'structured']);
});

test("Gemini's list says which models think, their names what else they do", () => {
  const models = [
    { name: 'models/gemini-2.5-pro', thinking: true },
    { name: 'models/gemma-3-27b-it' },
    { name: 'models/gemini-2.5-flash-image' },
  ];
  expect(geminiModels({ models }).map(({ abilities }) => abilities)).toEqual([
    ['tools', 'vision', 'thinking', 'structured'],
    [],
    [],
  ]);
});
