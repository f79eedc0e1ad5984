import type { ChatRequest, ResponseFormat, TextPart } from '../../neutral/chat-request.ts';
import type { EncodedRequest, EncodeRequestContext, JsonObject } from '../dialect.ts';
import { neutralName } from '../field-names.ts';
import { refusedFields } from '../openai-model-limits.ts';
import { TranslationNotes } from '../translation-notes.ts';
import { compact } from './compact.ts';
import { encodeMessages } from './encode-messages.ts';
import { reasoningFields } from './encode-reasoning.ts';
import { encodeToolChoice, encodeTools } from './encode-tools.ts';
import { fieldNames } from './field-names.ts';
import { type OpenAiChatQuirks, resolveQuirks } from './quirks.ts';

/**
 * The body for a provider of this dialect; its differences are in `context.quirks`, see
 * `OpenAiChatQuirks`. Throws `invalid_argument` with the neutral path as `param` for a tool that
 * another dialect's provider runs, and for images, documents and sounds of a kind that has no place.
 */
export function encodeRequest(request: ChatRequest, context: EncodeRequestContext): EncodedRequest {
  const quirks = resolveQuirks(context.quirks);
  const notes = new TranslationNotes();
  const instruction = schemaInstruction(request.responseFormat, quirks, notes);
  const told = instruction ? { ...request, system: [...request.system, instruction] } : request;
  const { tools, toolChoice } = encodeTools(request, quirks, notes);
  const { fields } = request.extensions;
  const isOwn = request.extensions.dialect === 'openai-chat';
  const userField = isOwn && 'user' in fields ? 'safety_identifier' : quirks.userField;
  if (request.topK !== undefined && !quirks.topK && !isOwn) notes.dropped('topK');
  const body: JsonObject = compact({
    model: context.model,
    messages: encodeMessages(told, { quirks, notes }),
    tools,
    tool_choice: encodeToolChoice(toolChoice),
    parallel_tool_calls: request.parallelToolCalls,
    response_format: encodeResponseFormat(request.responseFormat, quirks, notes),
    ...reasoningFields(request.reasoning, quirks, notes),
    verbosity: request.verbosity,
    [quirks.maxTokensField]: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: quirks.topK || isOwn ? request.topK : undefined,
    stop: request.stop,
    n: request.choiceCount,
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    logit_bias: request.logitBias,
    stream: request.stream || undefined,
    stream_options:
      request.stream && request.streamUsage !== undefined
        ? { include_usage: request.streamUsage }
        : undefined,
    [userField]: request.user,
    metadata: request.metadata,
    service_tier: request.serviceTier,
    prompt_cache_key: request.promptCacheKey,
  });
  addExtensions(body, request, notes);
  drop(body, quirks.unsupported === '' ? [] : quirks.unsupported.split(' '), notes);
  drop(body, refusedFields(context.model, body), notes);
  return { body, notes: notes.list };
}

function addExtensions(body: JsonObject, request: ChatRequest, notes: TranslationNotes): void {
  const { dialect, fields } = request.extensions;
  for (const [name, value] of Object.entries(fields)) {
    if (dialect !== 'openai-chat') notes.dropped(name);
    else if (name === 'stream_options' && body.stream_options !== undefined) {
      body.stream_options = { ...(value as JsonObject), ...body.stream_options };
    } else body[name] = value;
  }
}

function encodeResponseFormat(
  format: ResponseFormat | undefined,
  quirks: OpenAiChatQuirks,
  notes: TranslationNotes,
): JsonObject | undefined {
  if (format === undefined) return undefined;
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'json' || !quirks.jsonSchema) return { type: 'json_object' };
  if (format.strict !== undefined && !quirks.strict) notes.dropped('responseFormat.strict');
  return {
    type: 'json_schema',
    json_schema: compact({
      // OpenAI wants a name; other dialects have none.
      name: format.name ?? 'response',
      description: format.description,
      schema: format.schema,
      strict: quirks.strict ? format.strict : undefined,
    }),
  };
}

/** The schema in words, for a provider that takes only `json_object`. */
function schemaInstruction(
  format: ResponseFormat | undefined,
  quirks: OpenAiChatQuirks,
  notes: TranslationNotes,
): TextPart | undefined {
  if (format?.type !== 'json-schema' || quirks.jsonSchema) return undefined;
  notes.mapped('responseFormat', 'JSON mode and the schema as a system instruction');
  const about = format.description === undefined ? '' : ` (${format.description})`;
  return {
    type: 'text',
    text: `Answer with one JSON object${about} that fits this JSON Schema, and nothing else:\n${JSON.stringify(format.schema)}`,
  };
}

function drop(body: JsonObject, fields: readonly string[], notes: TranslationNotes): void {
  for (const name of fields) {
    if (!Object.hasOwn(body, name)) continue;
    delete body[name];
    notes.dropped(neutralName(fieldNames, name));
  }
}
