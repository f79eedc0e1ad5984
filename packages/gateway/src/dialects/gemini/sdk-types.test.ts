import { expect, test } from 'bun:test';
import type {
  Candidate,
  Content,
  FunctionCallingConfig,
  GenerateContentResponse,
  GenerateContentResponseUsageMetadata,
  GenerationConfig,
  GroundingMetadata,
  LogprobsResult,
  Part,
  Tool,
} from '@google/genai';
import type { z } from 'zod';
import { decodeRequest } from './decode-request.ts';
import type {
  GeminiGenerationConfig,
  GeminiPart,
  generateContentRequestSchema,
  WireCandidate,
  WireContent,
  WireGrounding,
  WireLogprobs,
  WirePart,
  WireResponse,
  WireUsage,
} from './types.ts';

/**
 * True when a value of `Ours`, as JSON, is one of `Theirs`. String literals stand for the SDK's
 * enums, which only the compiler tells apart from their values.
 */
type Assignable<Ours, Theirs> = Plain<Ours> extends Plain<Theirs> ? true : false;
type Plain<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Plain<Item>[]
    : T extends (...args: never[]) => unknown
      ? never
      : T extends object
        ? {
            [Key in keyof T as T[Key] extends (...args: never[]) => unknown ? never : Key]: Plain<
              T[Key]
            >;
          }
        : T;

type ResponseData = Pick<
  GenerateContentResponse,
  'candidates' | 'usageMetadata' | 'modelVersion' | 'responseId'
>;

/** What the SDK may send, of what we name in our schema. */
type Named<Schema, Sdk> = { [Key in keyof Sdk as Key extends keyof Schema ? Key : never]: true };

const written: [
  Assignable<WirePart, Part>,
  Assignable<WireContent, Content>,
  Assignable<WireCandidate, Candidate>,
  Assignable<WireUsage, GenerateContentResponseUsageMetadata>,
  Assignable<WireGrounding, GroundingMetadata>,
  Assignable<WireLogprobs, LogprobsResult>,
  Assignable<WireResponse, ResponseData>,
] = [true, true, true, true, true, true, true];

/** A field that our schema misspells is no key of the SDK's type, and does not compile here. */
type OwnKeys<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: true };
type Unknown<Schema, Sdk> = Exclude<OwnKeys<Schema>, keyof Sdk>;
const read: [Unknown<GeminiPart, Part>, Unknown<GeminiGenerationConfig, GenerationConfig>] extends [
  never,
  never,
]
  ? true
  : false = true;

type Request = z.input<ReturnType<typeof generateContentRequestSchema>>;

test('what the SDK’s types hold is read', () => {
  const contents: Content[] = [
    {
      role: 'user',
      parts: [{ text: 'hi' }, { inlineData: { mimeType: 'image/png', data: 'AA==' } }],
    },
    {
      role: 'model',
      parts: [{ functionCall: { id: '1', name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' }],
    },
    {
      role: 'user',
      parts: [{ functionResponse: { id: '1', name: 'f', response: { output: 1 } } }],
    },
  ];
  const tools: Tool[] = [
    { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] },
    { googleSearch: {} },
  ];
  const functionCallingConfig: FunctionCallingConfig = { allowedFunctionNames: ['f'] };
  const generationConfig: GenerationConfig = {
    temperature: 1,
    thinkingConfig: { thinkingBudget: 5 },
  };
  const named: Named<Request, { contents: 1; tools: 1; toolConfig: 1; generationConfig: 1 }> = {
    contents: true,
    tools: true,
    toolConfig: true,
    generationConfig: true,
  };
  const body = { contents, tools, toolConfig: { functionCallingConfig }, generationConfig };
  expect(Object.keys(body)).toEqual(Object.keys(named));
  const { messages, tools: decoded, toolChoice, reasoning } = decodeRequest(body, { model: 'm' });
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(decoded?.map(({ name }) => name)).toEqual(['f', 'googleSearch']);
  expect({ toolChoice, reasoning }).toEqual({
    toolChoice: { type: 'allowed', names: ['f'], required: false },
    reasoning: { budgetTokens: 5 },
  });
  expect([...written, read]).not.toContain(false);
});
