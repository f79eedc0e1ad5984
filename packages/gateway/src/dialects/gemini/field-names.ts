import type { FieldNames } from '../field-names.ts';

const part = 'messages[].parts[]';
const config = 'generationConfig';
const thinking = `${config}.thinkingConfig`;

/** What callers of Gemini's API call the fields of the neutral form. */
export const fieldNames: FieldNames = {
  system: 'systemInstruction',
  'system[]': 'systemInstruction.parts[]',
  messages: 'contents',
  'messages[]': 'contents[]',
  [part]: 'contents[].parts[]',
  [`${part}.text`]: 'contents[].parts[].text',
  [`${part}.raw`]: 'contents[].parts[]',
  [`${part}.source`]: ['contents[].parts[].inlineData', 'contents[].parts[].fileData'],
  [`${part}.name`]: 'contents[].parts[].functionResponse.name',
  [`${part}.content`]: 'contents[].parts[].functionResponse.response',
  [`${part}.content[]`]: 'contents[].parts[].functionResponse.parts[]',
  [`${part}.isError`]: 'contents[].parts[].functionResponse.response.error',
  [`${part}.arguments`]: 'contents[].parts[].functionCall.args',
  [`${part}.signature`]: 'contents[].parts[].thoughtSignature',
  [`${part}.reasoning`]: 'contents[].parts[].thought',
  [`${part}.image`]: 'contents[].parts[].inlineData',
  tools: 'tools',
  'tools[]': 'tools[].functionDeclarations[]',
  'tools[].parameters': [
    'tools[].functionDeclarations[].parametersJsonSchema',
    'tools[].functionDeclarations[].parameters',
  ],
  'tools[].hosted': 'tools[]',
  toolChoice: 'toolConfig.functionCallingConfig',
  responseFormat: `${config}.responseMimeType`,
  'responseFormat.schema': [`${config}.responseJsonSchema`, `${config}.responseSchema`],
  reasoning: thinking,
  'reasoning.effort': `${thinking}.thinkingLevel`,
  'reasoning.enabled': `${thinking}.thinkingBudget`,
  'reasoning.adaptive': `${thinking}.thinkingBudget`,
  'reasoning.budgetTokens': `${thinking}.thinkingBudget`,
  'reasoning.show': `${thinking}.includeThoughts`,
  maxOutputTokens: `${config}.maxOutputTokens`,
  temperature: `${config}.temperature`,
  topP: `${config}.topP`,
  topK: `${config}.topK`,
  stop: `${config}.stopSequences`,
  choiceCount: `${config}.candidateCount`,
  logprobs: `${config}.responseLogprobs`,
  topLogprobs: `${config}.logprobs`,
  seed: `${config}.seed`,
  presencePenalty: `${config}.presencePenalty`,
  frequencyPenalty: `${config}.frequencyPenalty`,
  serviceTier: 'serviceTier',
  // Of requests for vectors.
  inputs: 'content',
  'inputs[]': 'requests[].content',
  taskType: 'taskType',
  title: 'title',
  dimensions: 'outputDimensionality',
};
