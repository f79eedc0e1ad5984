import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/**
 * Bodies of Amazon Bedrock's `Converse` and `ConverseStream` as they stand on the wire: bytes are
 * base64. The model and whether to stream are said by the URL, not by the body.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
export interface ConverseBody {
  messages: ConverseMessage[];
  system?: SystemBlock[];
  inferenceConfig?: InferenceConfig;
  toolConfig?: ToolConfig;
  additionalModelRequestFields?: Record<string, unknown>;
  requestMetadata?: Record<string, string>;
  serviceTier?: { type: string };
  outputConfig?: OutputConfig;
}

export interface ConverseMessage {
  role: 'user' | 'assistant';
  content: ContentBlock[];
}

export type ContentBlock =
  | { text: string }
  | { image: ImageBlock }
  | { document: DocumentBlock }
  | { audio: AudioBlock }
  | { toolUse: ToolUseBlock }
  | { toolResult: ToolResultBlock }
  | { reasoningContent: ReasoningBlock }
  | { citationsContent: CitationsBlock }
  | CachePoint;

export type SystemBlock = { text: string } | CachePoint;

export interface CachePoint {
  cachePoint: { type: 'default'; ttl?: '5m' | '1h' };
}

export type BinarySource = { bytes: string } | { s3Location: { uri: string } };

export interface ImageBlock {
  format: 'png' | 'jpeg' | 'gif' | 'webp';
  source: BinarySource;
}

export interface DocumentBlock {
  format: 'pdf' | 'csv' | 'doc' | 'docx' | 'xls' | 'xlsx' | 'html' | 'txt' | 'md';
  name: string;
  source: BinarySource | { text: string };
  context?: string;
  citations?: { enabled: boolean };
}

export interface AudioBlock {
  format:
    | 'aac'
    | 'flac'
    | 'm4a'
    | 'mka'
    | 'mp3'
    | 'mp4'
    | 'mpeg'
    | 'ogg'
    | 'opus'
    | 'pcm'
    | 'wav'
    | 'webm';
  source: BinarySource;
}

interface ToolUseBlock {
  toolUseId: string;
  name: string;
  input: unknown;
}

export interface ToolResultBlock {
  toolUseId: string;
  content: ({ text: string } | { image: ImageBlock } | { document: DocumentBlock })[];
  status?: 'success' | 'error';
}

export type ReasoningBlock =
  | { reasoningText: { text: string; signature?: string } }
  | { redactedContent: string };

interface CitationsBlock {
  content: { text: string }[];
  citations: Record<string, unknown>[];
}

export interface InferenceConfig {
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  stopSequences?: string[];
}

export interface ToolConfig {
  tools: ToolBlock[];
  toolChoice?: ToolChoiceBlock;
}

export type ToolBlock =
  | {
      toolSpec: {
        name: string;
        description?: string;
        inputSchema: { json: Record<string, unknown> };
        strict?: boolean;
      };
    }
  | { systemTool: { name: string } }
  | CachePoint;

export type ToolChoiceBlock =
  | { auto: Record<string, never> }
  | { any: Record<string, never> }
  | { tool: { name: string } };

export interface OutputConfig {
  textFormat?: {
    type: 'json_schema';
    structure: { jsonSchema: { schema: string; name?: string; description?: string } };
  };
  effort?: string;
}

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cacheReadInputTokens?: number;
  cacheWriteInputTokens?: number;
  cacheDetails?: { ttl: '5m' | '1h'; inputTokens: number }[];
}

export interface ConverseAnswer {
  output: { message: { role: 'assistant'; content: ContentBlock[] } };
  stopReason: StopReason;
  usage: TokenUsage;
  metrics: { latencyMs: number };
  additionalModelResponseFields?: Record<string, unknown>;
}

export type StopReason =
  | 'content_filtered'
  | 'end_turn'
  | 'guardrail_intervened'
  | 'malformed_model_output'
  | 'malformed_tool_use'
  | 'max_tokens'
  | 'model_context_window_exceeded'
  | 'stop_sequence'
  | 'tool_use';

const object = lazily(() => z.record(z.string(), z.unknown()));
const cachePoint = lazily(() =>
  z.looseObject({ type: z.string(), ttl: z.enum(['5m', '1h']).optional() }),
);
const binarySource = lazily(() =>
  z.union([
    z.strictObject({ bytes: z.string() }),
    z.strictObject({ s3Location: z.strictObject({ uri: z.string() }) }),
  ]),
);
const image = lazily(() => z.looseObject({ format: z.string(), source: binarySource() }));
const documentBlock = lazily(() =>
  z.looseObject({
    format: z.string().optional(),
    name: z.string(),
    source: z.union([binarySource(), z.strictObject({ text: z.string() })]),
    context: z.string().optional(),
    citations: z.looseObject({ enabled: z.boolean() }).optional(),
  }),
);
const audio = lazily(() => z.looseObject({ format: z.string(), source: binarySource() }));

const toolResultContent = lazily(() =>
  z.union([
    z.strictObject({ text: z.string() }),
    z.strictObject({ json: z.unknown() }),
    z.strictObject({ image: image() }),
    z.strictObject({ document: documentBlock() }),
  ]),
);

/** One block of a message, in a request or an answer. */
export const contentBlock = lazily(() =>
  z.union([
    z.strictObject({ text: z.string() }),
    z.strictObject({ image: image() }),
    z.strictObject({ document: documentBlock() }),
    z.strictObject({ audio: audio() }),
    z.strictObject({
      toolUse: z.looseObject({ toolUseId: z.string(), name: z.string(), input: z.unknown() }),
    }),
    z.strictObject({
      toolResult: z.looseObject({
        toolUseId: z.string(),
        content: z.array(toolResultContent()),
        status: z.enum(['success', 'error']).optional(),
      }),
    }),
    z.strictObject({
      reasoningContent: z.union([
        z.strictObject({
          reasoningText: z.looseObject({ text: z.string(), signature: z.string().optional() }),
        }),
        z.strictObject({ redactedContent: z.string() }),
      ]),
    }),
    z.strictObject({
      citationsContent: z.looseObject({
        content: z.array(z.looseObject({ text: z.string() })).optional(),
        citations: z.array(object()).optional(),
      }),
    }),
    z.strictObject({ cachePoint: cachePoint() }),
  ]),
);

/** The body of `Converse`, and `ConverseStream`, as `decodeRequest` takes it. */
export const converseRequest = lazily(() =>
  z.looseObject({
    messages: z.array(
      z.looseObject({ role: z.enum(['user', 'assistant']), content: z.array(contentBlock()) }),
    ),
    system: z
      .array(
        z.union([
          z.strictObject({ text: z.string() }),
          z.strictObject({ cachePoint: cachePoint() }),
        ]),
      )
      .optional(),
    inferenceConfig: z
      .looseObject({
        maxTokens: z.int().positive().optional(),
        temperature: z.number().optional(),
        topP: z.number().optional(),
        stopSequences: z.array(z.string()).optional(),
      })
      .optional(),
    toolConfig: z
      .looseObject({
        tools: z.array(
          z.union([
            z.strictObject({
              toolSpec: z.looseObject({
                name: z.string(),
                description: z.string().optional(),
                inputSchema: z.looseObject({ json: object() }),
                strict: z.boolean().optional(),
              }),
            }),
            z.strictObject({ systemTool: z.looseObject({ name: z.string() }) }),
            z.strictObject({ cachePoint: cachePoint() }),
          ]),
        ),
        toolChoice: z
          .union([
            z.strictObject({ auto: object() }),
            z.strictObject({ any: object() }),
            z.strictObject({ tool: z.looseObject({ name: z.string() }) }),
          ])
          .optional(),
      })
      .optional(),
    additionalModelRequestFields: object().optional(),
    requestMetadata: z.record(z.string(), z.string()).optional(),
    serviceTier: z.looseObject({ type: z.string() }).optional(),
    outputConfig: z
      .looseObject({
        textFormat: z
          .looseObject({
            structure: z.looseObject({
              jsonSchema: z.looseObject({
                schema: z.string(),
                name: z.string().optional(),
                description: z.string().optional(),
              }),
            }),
          })
          .optional(),
        effort: z.string().optional(),
      })
      .optional(),
  }),
);

export type ConverseRequest = OutputOf<typeof converseRequest>;
export type ConverseRequestBlock = ConverseRequest['messages'][number]['content'][number];
