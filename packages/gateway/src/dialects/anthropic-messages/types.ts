import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/**
 * What a caller sends to `POST /v1/messages`. Objects are loose, so that parameters and blocks
 * that are newer than this file pass.
 * Source: https://platform.claude.com/docs/en/api/messages/create and `@anthropic-ai/sdk` 1.12.
 */

const jsonObject = lazily(() => z.record(z.string(), z.unknown()));

const cacheControl = lazily(() =>
  z
    .looseObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).nullish() })
    .nullish()
    .describe('A prompt-cache breakpoint at the end of this element.'),
);

const textBlock = lazily(() =>
  z.looseObject({
    type: z.literal('text'),
    text: z.string(),
    cache_control: cacheControl(),
    citations: z.array(jsonObject()).nullish(),
  }),
);

const mediaSource = lazily(() =>
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('base64'), media_type: z.string().min(1), data: z.string() }),
    z.looseObject({ type: z.literal('url'), url: z.string().min(1) }),
    z.looseObject({ type: z.literal('file'), file_id: z.string().min(1) }),
  ]),
);

const imageBlock = lazily(() =>
  z.looseObject({
    type: z.literal('image'),
    source: mediaSource(),
    cache_control: cacheControl(),
  }),
);

const documentSource = lazily(() =>
  z.discriminatedUnion('type', [
    ...mediaSource().options,
    z.looseObject({ type: z.literal('text'), media_type: z.string().nullish(), data: z.string() }),
    z.looseObject({
      type: z.literal('content'),
      content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
    }),
  ]),
);

const documentBlock = lazily(() =>
  z.looseObject({
    type: z.literal('document'),
    source: documentSource(),
    title: z.string().nullish(),
    context: z.string().nullish(),
    citations: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
    cache_control: cacheControl(),
  }),
);

const thinkingBlock = lazily(() =>
  z.looseObject({
    type: z.literal('thinking'),
    thinking: z.string(),
    signature: z.string().nullish(),
  }),
);

const redactedThinkingBlock = lazily(() =>
  z.looseObject({
    type: z.literal('redacted_thinking'),
    data: z.string(),
  }),
);

const toolUseBlock = lazily(() =>
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().min(1),
    name: z.string().min(1),
    input: jsonObject(),
    cache_control: cacheControl(),
  }),
);

const knownTypes = new Set([
  'text',
  'image',
  'document',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'tool_result',
]);

/** Aborts, so that a union tells what is wrong with the block that was meant. */
const malformed = { error: 'is malformed for its type', abort: true };

/** Hosted calls and their results, search results, container uploads, and what is still to come. */
const otherBlock = lazily(() =>
  z.looseObject({
    type: z.string().refine((type) => !knownTypes.has(type), malformed),
  }),
);

const toolResultContent = lazily(() =>
  z.union([
    z.discriminatedUnion('type', [textBlock(), imageBlock(), documentBlock()]),
    otherBlock(),
  ]),
);

const toolResultBlock = lazily(() =>
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string().min(1),
    content: z.union([z.string(), z.array(toolResultContent())]).nullish(),
    is_error: z.boolean().nullish(),
    cache_control: cacheControl(),
  }),
);

const contentBlock = lazily(() =>
  z.union([
    z.discriminatedUnion('type', [
      textBlock(),
      imageBlock(),
      documentBlock(),
      thinkingBlock(),
      redactedThinkingBlock(),
      toolUseBlock(),
      toolResultBlock(),
    ]),
    otherBlock(),
  ]),
);

const message = lazily(() =>
  z.looseObject({
    role: z.enum(['user', 'assistant', 'system']),
    content: z.union([z.string(), z.array(contentBlock())]),
  }),
);

const customTool = lazily(() =>
  z.looseObject({
    type: z.literal('custom').nullish(),
    name: z.string().min(1),
    description: z.string().nullish(),
    input_schema: jsonObject().describe('JSON Schema of the input; its type is `object`.'),
    strict: z.boolean().nullish(),
    cache_control: cacheControl(),
  }),
);

/** A tool that Anthropic defines: run by it (`web_search_…`) or known to the model (`bash_…`). */
const definedTool = lazily(() =>
  z.looseObject({
    type: z.string().refine((type) => type !== 'custom', malformed),
    name: z.string().nullish(),
    cache_control: cacheControl(),
  }),
);

const toolChoice = lazily(() =>
  z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('auto'),
      disable_parallel_tool_use: z.boolean().nullish(),
    }),
    z.looseObject({ type: z.literal('any'), disable_parallel_tool_use: z.boolean().nullish() }),
    z.looseObject({
      type: z.literal('tool'),
      name: z.string().min(1),
      disable_parallel_tool_use: z.boolean().nullish(),
    }),
    z.looseObject({ type: z.literal('none') }),
  ]),
);

const thinking = lazily(() =>
  z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('enabled'),
      budget_tokens: z.int().positive(),
      display: z.string().nullish(),
    }),
    z.looseObject({ type: z.literal('adaptive'), display: z.string().nullish() }),
    z.looseObject({ type: z.literal('between_tools') }),
    z.looseObject({ type: z.literal('disabled') }),
  ]),
);

const outputFormat = lazily(() =>
  z.looseObject({ type: z.literal('json_schema'), schema: jsonObject() }),
);

const promptFields = lazily(() => ({
  model: z.string().min(1),
  messages: z.array(message()).max(100_000).describe('The conversation, oldest turn first.'),
  system: z.union([z.string(), z.array(textBlock())]).nullish(),
  tools: z.array(z.union([customTool(), definedTool()])).nullish(),
  tool_choice: toolChoice().nullish(),
  thinking: thinking().nullish(),
  output_config: z
    .looseObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: outputFormat().nullish(),
    })
    .nullish(),
  output_format: outputFormat().nullish().describe('Deprecated: `output_config.format`.'),
}));

/** The body of `POST /v1/messages`. */
export const messagesRequestSchema = lazily(() =>
  z
    .looseObject({
      ...promptFields(),
      max_tokens: z.int().nonnegative(),
      stream: z.boolean().nullish(),
      stop_sequences: z.array(z.string()).nullish(),
      temperature: z.number().min(0).max(1).nullish(),
      top_p: z.number().min(0).max(1).nullish(),
      top_k: z.int().nonnegative().nullish(),
      metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
      service_tier: z.string().nullish(),
    })
    .meta({ id: 'AnthropicMessagesRequest' }),
);

/** The body of `POST /v1/messages/count_tokens`. */
export const countTokensRequestSchema = lazily(() =>
  z.looseObject(promptFields()).meta({ id: 'AnthropicCountTokensRequest' }),
);

export type MessagesRequest = OutputOf<typeof messagesRequestSchema>;
export type CountTokensRequest = OutputOf<typeof countTokensRequestSchema>;
export type RequestMessage = OutputOf<typeof message>;
export type RequestBlock = OutputOf<typeof contentBlock>;
export type RequestTool = OutputOf<typeof customTool> | OutputOf<typeof definedTool>;
export type TextBlock = OutputOf<typeof textBlock>;
export type ImageBlock = OutputOf<typeof imageBlock>;
export type DocumentBlock = OutputOf<typeof documentBlock>;
export type ToolResultBlock = OutputOf<typeof toolResultBlock>;
