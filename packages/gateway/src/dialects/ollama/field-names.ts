import type { FieldNames } from '../field-names.ts';
import { optionNames } from './options.ts';

const part = 'messages[].parts[]';

/** What callers of `/api/chat` and `/api/generate` call the fields of the neutral form. */
export const fieldNames: FieldNames = {
  system: ['system', 'messages[]'],
  'system[]': ['system', 'messages[]'],
  'messages[]': ['prompt', 'messages[]'],
  'messages[].system': 'messages[]',
  [part]: 'messages[]',
  [`${part}.text`]: ['prompt', 'messages[].content'],
  [`${part}.raw`]: 'messages[].content',
  [`${part}.source`]: ['images', 'messages[].images'],
  [`${part}.image`]: ['images', 'messages[].images'],
  [`${part}.name`]: 'messages[].tool_name',
  [`${part}.content`]: 'messages[].content',
  [`${part}.content[].source`]: 'messages[].images',
  [`${part}.arguments`]: 'messages[].tool_calls[].function.arguments',
  [`${part}.reasoning`]: 'messages[].thinking',
  tools: 'tools',
  'tools[]': 'tools[]',
  'tools[].name': 'tools[].function.name',
  'tools[].parameters': 'tools[].function.parameters',
  responseFormat: 'format',
  'responseFormat.schema': 'format',
  reasoning: 'think',
  'reasoning.effort': 'think',
  'reasoning.enabled': 'think',
  logprobs: 'logprobs',
  topLogprobs: 'top_logprobs',
  stream: 'stream',
  ...Object.fromEntries(
    Object.entries(optionNames).map(([neutral, name]) => [neutral, `options.${name}`]),
  ),
  // Of requests for vectors.
  inputs: ['input', 'prompt'],
  'inputs[]': ['input[]', 'prompt'],
  dimensions: 'dimensions',
};
