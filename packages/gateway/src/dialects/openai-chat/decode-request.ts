import type {
  ChatRequest,
  Reasoning,
  ReasoningEffort,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '../../neutral/chat-request.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { lazily } from '../lazily.ts';
import { parseRequest, requestFault } from '../parse-request.ts';
import { compact } from './compact.ts';
import { decodeMessages } from './decode-messages.ts';
import { type ChatCompletionRequest, chatCompletionRequest } from './types.ts';

/**
 * The body of `POST /v1/chat/completions` in the neutral form. Of two names for one thing the newer
 * wins. A value of a known parameter that only some vendors know (`reasoning_effort: "default"`,
 * `max_tokens: -1`, `response_format` of another type) goes on as an extension.
 * Throws `invalid_argument` with the field's path as `param`; the deprecated `functions` only where
 * they would have to be translated.
 */
export function decodeRequest(body: unknown, context: DecodeRequestContext): ChatRequest {
  const request = parseRequest(chatCompletionRequest, body);
  const passThrough = context.passThrough ?? false;
  if (!passThrough) refuseLegacy(request);
  const extensions = otherFields(request);
  const limit = request.max_completion_tokens ?? request.max_tokens;
  if (limit === 0 || (limit && limit < -1)) {
    const field = request.max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens';
    throw requestFault(field, 'must be at least 1');
  }
  const isUnlimited = limit === -1;
  if (isUnlimited) extensions.max_tokens = -1;
  return compact({
    model: request.model,
    ...decodeMessages(request.messages, passThrough),
    tools: request.tools?.map(decodeTool),
    toolChoice: decodeToolChoice(request.tool_choice, extensions),
    parallelToolCalls: request.parallel_tool_calls,
    responseFormat: decodeResponseFormat(request.response_format, extensions),
    reasoning: decodeReasoning(request, extensions),
    maxOutputTokens: isUnlimited ? undefined : limit,
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    stop: typeof request.stop === 'string' ? [request.stop] : request.stop,
    choiceCount: request.n,
    logprobs: request.logprobs,
    topLogprobs: request.top_logprobs,
    seed: request.seed,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    logitBias: request.logit_bias,
    stream: request.stream ?? false,
    streamUsage: request.stream_options?.include_usage,
    user: request.safety_identifier ?? request.user,
    metadata: request.metadata,
    serviceTier: request.service_tier,
    verbosity: request.verbosity,
    promptCacheKey: request.prompt_cache_key,
    extensions: { dialect: 'openai-chat' as const, fields: extensions },
  });
}

const knownFields = lazily(() => new Set(Object.keys(chatCompletionRequest().shape)));

function otherFields(request: ChatCompletionRequest): Record<string, unknown> {
  const known = knownFields();
  const fields: Record<string, unknown> = Object.fromEntries(
    Object.entries(request).filter(([name]) => !known.has(name)),
  );
  if (request.user != null && request.safety_identifier != null) fields.user = request.user;
  const { include_usage: _, ...streamOptions } = request.stream_options ?? {};
  if (Object.keys(streamOptions).length > 0) fields.stream_options = streamOptions;
  return fields;
}

function refuseLegacy(request: ChatCompletionRequest): void {
  for (const field of ['functions', 'function_call']) {
    if (request[field] == null) continue;
    throw requestFault(
      field,
      'the deprecated functions are not translated; use tools and tool_choice',
    );
  }
}

function decodeTool(tool: NonNullable<ChatCompletionRequest['tools']>[number]): Tool {
  if (isFunctionTool(tool)) {
    const { name, description, parameters, strict } = tool.function;
    return compact({
      name,
      description,
      // OpenAI: a function without parameters is one with an empty list of them.
      parameters: parameters ?? { type: 'object', properties: {} },
      strict,
    });
  }
  if (isCustomTool(tool)) {
    const { name, description, format } = tool.custom;
    const grammar =
      format?.type === 'grammar'
        ? { syntax: format.grammar.syntax, definition: format.grammar.definition }
        : undefined;
    return compact({ name, description, custom: compact({ grammar }) });
  }
  return { name: tool.type, hosted: { dialect: 'openai-chat', value: tool } };
}

type RequestTool = NonNullable<ChatCompletionRequest['tools']>[number];

function isFunctionTool(tool: RequestTool): tool is Extract<RequestTool, { type: 'function' }> {
  return tool.type === 'function';
}

function isCustomTool(tool: RequestTool): tool is Extract<RequestTool, { type: 'custom' }> {
  return tool.type === 'custom';
}

function decodeToolChoice(
  choice: ChatCompletionRequest['tool_choice'],
  extensions: Record<string, unknown>,
): ToolChoice | undefined {
  if (choice == null) return undefined;
  if (typeof choice === 'string') {
    if (choice === 'none' || choice === 'auto' || choice === 'required') return { type: choice };
    throw requestFault('tool_choice', 'must be none, auto, required or an object');
  }
  if (choice.type === 'function' || choice.type === 'custom') {
    const name = nameOfTool(choice);
    if (name === undefined) throw requestFault(`tool_choice.${choice.type}.name`, 'is required');
    return { type: 'tool', name };
  }
  if (choice.type !== 'allowed_tools') {
    extensions.tool_choice = choice;
    return undefined;
  }
  const allowed = choice.allowed_tools as { mode?: unknown; tools?: unknown } | null | undefined;
  if (!Array.isArray(allowed?.tools)) {
    throw requestFault('tool_choice.allowed_tools.tools', 'must be a list of tools');
  }
  const names = allowed.tools.map((tool: unknown, index) => {
    const name = nameOfTool(tool);
    if (name !== undefined) return name;
    throw requestFault(`tool_choice.allowed_tools.tools[${index}]`, 'does not name a tool');
  });
  return { type: 'allowed', names, required: allowed.mode === 'required' };
}

/** The name in `{type: 'function', function: {name}}` and its kin; a hosted tool's type is its name. */
function nameOfTool(tool: unknown): string | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined;
  const { type, function: fn, custom } = tool as Record<string, unknown>;
  if (type !== 'function' && type !== 'custom') return typeof type === 'string' ? type : undefined;
  const name = ((type === 'function' ? fn : custom) as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? name : undefined;
}

function decodeResponseFormat(
  format: ChatCompletionRequest['response_format'],
  extensions: Record<string, unknown>,
): ResponseFormat | undefined {
  if (format == null) return undefined;
  switch (format.type) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      // Together and llama.cpp take a schema here.
      return isRecord(format.schema)
        ? { type: 'json-schema', schema: format.schema }
        : { type: 'json' };
    case 'json_schema':
      return decodeJsonSchema(format.json_schema);
    default:
      extensions.response_format = format;
      return undefined;
  }
}

function decodeJsonSchema(value: unknown): ResponseFormat {
  if (!isRecord(value)) throw requestFault('response_format.json_schema', 'must be an object');
  const { name, description, schema, strict } = value;
  if (name !== undefined && typeof name !== 'string') {
    throw requestFault('response_format.json_schema.name', 'must be a string');
  }
  if (schema != null && !isRecord(schema)) {
    throw requestFault('response_format.json_schema.schema', 'must be an object');
  }
  return compact({
    type: 'json-schema' as const,
    name,
    description: typeof description === 'string' ? description : undefined,
    schema: (schema ?? {}) as Record<string, unknown>,
    strict: typeof strict === 'boolean' ? strict : undefined,
  });
}

const efforts: ReadonlySet<unknown> = new Set<ReasoningEffort>([
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
]);
const summaries: ReadonlySet<unknown> = new Set(['auto', 'concise', 'detailed']);

function decodeReasoning(
  request: ChatCompletionRequest,
  extensions: Record<string, unknown>,
): Reasoning | undefined {
  const { reasoning, reasoning_effort } = request;
  const effort = reasoning?.effort ?? reasoning_effort;
  if (reasoning_effort != null && !efforts.has(reasoning_effort)) {
    extensions.reasoning_effort = reasoning_effort;
  }
  const summary = summaries.has(reasoning?.summary) ? reasoning?.summary : undefined;
  const decoded: Reasoning = compact({
    enabled: reasoning?.enabled,
    effort: efforts.has(effort) ? (effort as ReasoningEffort) : undefined,
    budgetTokens: reasoning?.max_tokens,
    show: reasoning?.exclude ? 'none' : (summary as Reasoning['show']),
  });
  return Object.keys(decoded).length > 0 ? decoded : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
