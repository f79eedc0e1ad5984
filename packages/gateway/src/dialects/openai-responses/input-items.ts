import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/**
 * What stands in `input` of a request to `/v1/responses`. Loose objects: fields of tomorrow pass.
 * Source: https://developers.openai.com/api/reference/resources/responses, `ResponseInputItem`.
 */

const id = lazily(() => z.string().nullish());

const textContent = lazily(() =>
  z.looseObject({
    type: z.enum(['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text']),
    text: z.string(),
    annotations: z.array(z.looseObject({ type: z.string() })).nullish(),
  }),
);

const refusalContent = lazily(() =>
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
);

const imageContent = lazily(() =>
  z.looseObject({
    type: z.literal('input_image'),
    image_url: z.string().nullish().describe('An https URL or a data URL.'),
    file_id: z.string().nullish(),
    detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
  }),
);

const fileContent = lazily(() =>
  z.looseObject({
    type: z.literal('input_file'),
    file_data: z.string().nullish().describe('A data URL, or the bytes in base64.'),
    file_url: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().nullish(),
  }),
);

const audioContent = lazily(() =>
  z.looseObject({
    type: z.literal('input_audio'),
    input_audio: z.looseObject({
      data: z.string().describe('Base64.'),
      format: z.enum(['mp3', 'wav']),
    }),
  }),
);

const contentSchema = lazily(() =>
  z
    .discriminatedUnion('type', [
      textContent(),
      refusalContent(),
      imageContent(),
      fileContent(),
      audioContent(),
    ])
    .meta({ title: 'Content' }),
);
export type Content = OutputOf<typeof contentSchema>;

/** A message; `type` may be left out of an easy one. */
const messageSchema = lazily(() =>
  z.looseObject({
    type: z.literal('message').optional(),
    id: id(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(contentSchema())]),
    phase: z.string().nullish(),
  }),
);

const functionCall = lazily(() =>
  z.looseObject({
    type: z.literal('function_call'),
    id: id(),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().nullish(),
    arguments: z.string(),
  }),
);

const customToolCall = lazily(() =>
  z.looseObject({
    type: z.literal('custom_tool_call'),
    id: id(),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().nullish(),
    input: z.string(),
  }),
);

const callOutput = lazily(() =>
  z.looseObject({
    type: z.enum(['function_call_output', 'custom_tool_call_output']),
    id: id(),
    call_id: z.string(),
    output: z.union([z.string(), z.array(contentSchema())]),
  }),
);

const reasoning = lazily(() =>
  z.looseObject({
    type: z.literal('reasoning'),
    id: id(),
    summary: z.array(z.looseObject({ type: z.string(), text: z.string() })).nullish(),
    content: z.array(z.looseObject({ type: z.string(), text: z.string() })).nullish(),
    encrypted_content: z.string().nullish(),
  }),
);

const imageGenerationCall = lazily(() =>
  z.looseObject({
    type: z.literal('image_generation_call'),
    id: id(),
    result: z.string().nullish().describe('The image in base64.'),
    output_format: z.string().nullish(),
  }),
);

const localShellCall = lazily(() =>
  z.looseObject({
    type: z.literal('local_shell_call'),
    id: id(),
    call_id: z.string().nullish(),
    action: z.looseObject({ command: z.array(z.string()) }),
  }),
);

const localShellCallOutput = lazily(() =>
  z.looseObject({
    type: z.literal('local_shell_call_output'),
    id: id(),
    call_id: z.string().nullish(),
    output: z.string(),
  }),
);

const shellCall = lazily(() =>
  z.looseObject({
    type: z.literal('shell_call'),
    id: id(),
    call_id: z.string(),
    action: z.looseObject({ commands: z.array(z.string()) }),
  }),
);

const shellCallOutput = lazily(() =>
  z.looseObject({
    type: z.literal('shell_call_output'),
    id: id(),
    call_id: z.string(),
    output: z.array(z.looseObject({ stdout: z.string(), stderr: z.string() })),
  }),
);

const applyPatchCall = lazily(() =>
  z.looseObject({
    type: z.literal('apply_patch_call'),
    id: id(),
    call_id: z.string(),
    operation: z.looseObject({ type: z.string(), path: z.string() }),
  }),
);

const applyPatchCallOutput = lazily(() =>
  z.looseObject({
    type: z.literal('apply_patch_call_output'),
    id: id(),
    call_id: z.string(),
    status: z.string(),
    output: z.string().nullish(),
  }),
);

const toolSearchCall = lazily(() =>
  z.looseObject({
    type: z.literal('tool_search_call'),
    id: id(),
    call_id: z.string().nullish(),
    execution: z.string().nullish(),
    arguments: z.unknown(),
  }),
);

const toolList = lazily(() => z.array(z.looseObject({ type: z.string() })));

const toolSearchOutput = lazily(() =>
  z.looseObject({
    type: z.literal('tool_search_output'),
    id: id(),
    call_id: z.string().nullish(),
    execution: z.string().nullish(),
    tools: toolList(),
  }),
);

const additionalTools = lazily(() =>
  z.looseObject({
    type: z.literal('additional_tools'),
    id: id(),
    tools: toolList(),
  }),
);

const agentMessage = lazily(() =>
  z.looseObject({
    type: z.literal('agent_message'),
    id: id(),
    content: z.array(contentSchema()),
  }),
);

/**
 * What a provider's own tools left in the conversation. Another provider reads the text that
 * followed from it, not the item.
 */
const providerRunItem = lazily(() =>
  z.looseObject({
    type: z.enum([
      'web_search_call',
      'file_search_call',
      'code_interpreter_call',
      'mcp_list_tools',
      'mcp_call',
      'mcp_approval_request',
      'mcp_approval_response',
      'program',
      'program_output',
      'configuration_update',
    ]),
    id: id(),
  }),
);

/** Items that stand for something only the provider that made them can read. */
const opaqueItem = lazily(() =>
  z.looseObject({
    type: z.enum([
      'item_reference',
      'compaction',
      'compaction_summary',
      'context_compaction',
      'compaction_trigger',
      'computer_call',
      'computer_call_output',
    ]),
    id: id(),
  }),
);

export const inputItemSchema = lazily(() =>
  z
    .discriminatedUnion('type', [
      messageSchema(),
      functionCall(),
      customToolCall(),
      callOutput(),
      reasoning(),
      imageGenerationCall(),
      localShellCall(),
      localShellCallOutput(),
      shellCall(),
      shellCallOutput(),
      applyPatchCall(),
      applyPatchCallOutput(),
      toolSearchCall(),
      toolSearchOutput(),
      additionalTools(),
      agentMessage(),
      providerRunItem(),
      opaqueItem(),
    ])
    .meta({ title: 'InputItem' }),
);
export type InputItem = OutputOf<typeof inputItemSchema>;
export type ReasoningItem = OutputOf<typeof reasoning>;
export type MessageItem = OutputOf<typeof messageSchema>;
