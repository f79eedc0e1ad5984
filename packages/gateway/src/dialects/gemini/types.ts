import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/**
 * What a caller sends to `models/{model}:generateContent` and `:streamGenerateContent`, once its
 * field names are in camel case (`camelCaseNames`). Loose: unknown fields pass.
 * Source: https://ai.google.dev/api/generate-content and the types of `@google/genai`.
 */
const anyObject = lazily(() => z.record(z.string(), z.unknown()));

const blobSchema = lazily(() =>
  z
    .looseObject({
      mimeType: z.string().min(1).describe('IANA media type of the bytes.'),
      data: z.string().describe('The bytes in base64.'),
    })
    .meta({ id: 'GeminiBlob' }),
);

const fileDataSchema = lazily(() =>
  z
    .looseObject({
      mimeType: z.string().optional().describe('IANA media type of the file.'),
      fileUri: z.string().min(1).describe('URI of an uploaded file, or a public address.'),
    })
    .meta({ id: 'GeminiFileData' }),
);

const functionCallSchema = lazily(() =>
  z
    .looseObject({
      id: z.string().optional(),
      name: z.string().min(1),
      args: anyObject().optional().describe('The arguments, an object.'),
    })
    .meta({ id: 'GeminiFunctionCall' }),
);

const functionResponseSchema = lazily(() =>
  z
    .looseObject({
      id: z.string().optional().describe('The id of the call this answers.'),
      name: z.string().min(1),
      response: anyObject()
        .optional()
        .describe('The result: `output` or `error`, else the whole object is the output.'),
      parts: z
        .array(
          z.looseObject({
            inlineData: blobSchema().optional(),
            fileData: fileDataSchema().optional(),
          }),
        )
        .optional()
        .describe('Media of the result.'),
    })
    .meta({ id: 'GeminiFunctionResponse' }),
);

const partSchema = lazily(() =>
  z
    .looseObject({
      text: z.string().optional(),
      thought: z.boolean().optional().describe('True when the part is a thought of the model.'),
      thoughtSignature: z
        .string()
        .optional()
        .describe('Opaque token of the model; send it back with its part.'),
      inlineData: blobSchema().optional(),
      fileData: fileDataSchema().optional(),
      functionCall: functionCallSchema().optional(),
      functionResponse: functionResponseSchema().optional(),
      executableCode: z
        .looseObject({ language: z.string().optional(), code: z.string().optional() })
        .optional(),
      codeExecutionResult: z
        .looseObject({ outcome: z.string().optional(), output: z.string().optional() })
        .optional(),
    })
    .meta({ id: 'GeminiPart' }),
);

export const contentSchema = lazily(() =>
  z
    .looseObject({
      role: z.string().optional().describe('`user` (default) or `model`.'),
      parts: z.array(partSchema()).min(1),
    })
    .meta({ id: 'GeminiContent' }),
);

const functionDeclarationSchema = lazily(() =>
  z
    .looseObject({
      name: z.string().min(1),
      description: z.string().optional(),
      parameters: anyObject().optional().describe('Arguments as an OpenAPI 3.0 schema object.'),
      parametersJsonSchema: anyObject().optional().describe('Arguments as a JSON Schema.'),
    })
    .meta({ id: 'GeminiFunctionDeclaration' }),
);

const toolSchema = lazily(() =>
  z
    .looseObject({ functionDeclarations: z.array(functionDeclarationSchema()).optional() })
    .meta({ id: 'GeminiTool' }),
);

const toolConfigSchema = lazily(() =>
  z.looseObject({
    functionCallingConfig: z
      .looseObject({
        mode: z.string().optional().describe('AUTO, ANY, NONE or VALIDATED.'),
        allowedFunctionNames: z.array(z.string()).optional(),
      })
      .optional(),
  }),
);

const count = lazily(() => z.int().nonnegative());

const generationConfigSchema = lazily(() =>
  z
    .looseObject({
      temperature: z.number().optional(),
      topP: z.number().optional(),
      topK: z.number().optional(),
      candidateCount: z.int().positive().optional(),
      maxOutputTokens: z.int().positive().optional(),
      stopSequences: z.array(z.string()).optional(),
      responseMimeType: z.string().optional(),
      responseSchema: anyObject().optional().describe('Answer as an OpenAPI 3.0 schema object.'),
      responseJsonSchema: anyObject().optional().describe('Answer as a JSON Schema.'),
      seed: z.int().optional(),
      presencePenalty: z.number().optional(),
      frequencyPenalty: z.number().optional(),
      responseLogprobs: z.boolean().optional(),
      logprobs: count().max(20).optional(),
      thinkingConfig: z
        .looseObject({
          includeThoughts: z.boolean().optional(),
          thinkingBudget: z.int().min(-1).optional().describe('Tokens; 0 is off, -1 automatic.'),
          thinkingLevel: z.string().optional().describe('MINIMAL, LOW, MEDIUM or HIGH.'),
        })
        .optional(),
    })
    .meta({ id: 'GeminiGenerationConfig' }),
);

/** The body of a request for an answer. */
export const generateContentRequestSchema = lazily(() =>
  z
    .looseObject({
      model: z.string().optional(),
      contents: z.array(contentSchema()).min(1),
      systemInstruction: contentSchema().optional(),
      tools: z.array(toolSchema()).optional(),
      toolConfig: toolConfigSchema().optional(),
      generationConfig: generationConfigSchema().optional(),
      serviceTier: z.string().optional(),
    })
    .meta({ id: 'GeminiGenerateContentRequest' }),
);

export type GeminiRequest = OutputOf<typeof generateContentRequestSchema>;
export type GeminiContent = OutputOf<typeof contentSchema>;
export type GeminiPart = OutputOf<typeof partSchema>;
export type GeminiTool = OutputOf<typeof toolSchema>;
export type GeminiGenerationConfig = OutputOf<typeof generationConfigSchema>;

/** A part as our encoders write it, in requests and answers. */
export interface WirePart {
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  inlineData?: { mimeType: string; data: string };
  fileData?: { mimeType?: string; fileUri: string };
  functionCall?: { id?: string; name: string; args: Record<string, unknown> };
  functionResponse?: {
    id?: string;
    name: string;
    response: Record<string, unknown>;
    parts?: Pick<WirePart, 'inlineData' | 'fileData'>[];
  };
}

export interface WireContent {
  role: 'user' | 'model';
  parts: WirePart[];
}

/** Why an answer ended, as our encoders say it. */
export type WireFinishReason =
  | 'STOP'
  | 'MAX_TOKENS'
  | 'SAFETY'
  | 'MALFORMED_FUNCTION_CALL'
  | 'OTHER';

export interface WireLogprob {
  token: string;
  logProbability: number;
}

export interface WireLogprobs {
  chosenCandidates: WireLogprob[];
  topCandidates?: { candidates: WireLogprob[] }[];
}

export interface WireGroundingSupport {
  segment: { startIndex: number; endIndex: number; partIndex?: number; text: string };
  groundingChunkIndices: number[];
}

export interface WireGrounding {
  groundingChunks: Record<string, unknown>[];
  groundingSupports?: WireGroundingSupport[];
}

export interface WireCandidate {
  content: WireContent;
  finishReason?: WireFinishReason;
  finishMessage?: string;
  index: number;
  groundingMetadata?: WireGrounding;
  logprobsResult?: WireLogprobs;
}

export interface WireModalityCount {
  modality: 'TEXT' | 'IMAGE' | 'AUDIO';
  tokenCount: number;
}

/** All counts in tokens; `totalTokenCount` is the sum of prompt, candidates and thoughts. */
export interface WireUsage {
  promptTokenCount: number;
  candidatesTokenCount: number;
  totalTokenCount: number;
  cachedContentTokenCount?: number;
  promptTokensDetails: WireModalityCount[];
  candidatesTokensDetails?: WireModalityCount[];
  thoughtsTokenCount?: number;
}

/** `GenerateContentResponse`: a whole answer, and each record of a stream. */
export interface WireResponse {
  candidates?: WireCandidate[];
  usageMetadata?: WireUsage;
  modelVersion: string;
  responseId: string;
}
