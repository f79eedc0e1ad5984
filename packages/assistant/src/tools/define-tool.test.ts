import { expect, test } from 'bun:test';
import { z } from 'zod';
import { defineTool } from './define-tool.ts';

const greet = defineTool({
  name: 'greet',
  description: 'Greets.',
  isReadOnly: true,
  input: z.strictObject({
    name: z.string().describe('Whom'),
    times: z.number().int().min(1).default(1).describe('How often'),
  }),
  actions: () => [],
  run: async ({ name, times }) => ({ text: `Hello ${name}. `.repeat(times).trim() }),
});

test('the schema is told to models, with what may be left out', () => {
  expect(greet.parameters).toMatchObject({
    type: 'object',
    required: ['name'],
    properties: { name: { description: 'Whom' }, times: { default: 1 } },
  });
});

test('arguments are checked, and every field at fault is named', () => {
  expect(greet.parse({ name: 'Ada' })).toEqual({ name: 'Ada', times: 1 });
  expect(() => greet.parse({ name: 1, times: 0 })).toThrow(/greet: name: .*; times: /);
  expect(() => greet.parse(undefined)).toThrow('greet: arguments: ');
});
