import type { ModelMessage, ModelPart, ModelRequest } from '@zeke/assistant';

/** A JSON object of OpenAI's chat API. */
type Json = Record<string, unknown>;

type PartOf<Type extends ModelPart['type']> = Extract<ModelPart, { type: Type }>;

/**
 * The body for `/v1/chat/completions`. Thoughts go in `reasoning_details` and signatures of calls in
 * `extra_content`, as the gateway's dialect has them, so that each provider gets back its own.
 */
export function chatBody(request: ModelRequest): Json {
  const { effort, maxOutputTokens, model, stop, system, temperature } = request;
  const { toolChoice, tools = [] } = request;
  return {
    model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...request.messages.flatMap((message) =>
        message.role === 'user' ? userMessages(message) : [assistantMessage(message)],
      ),
    ],
    stream: true,
    stream_options: { include_usage: true },
    omen: { include_cost: true },
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => ({ type: 'function', function: tool })),
          ...(toolChoice === undefined ? {} : { tool_choice: toolChoice }),
        }),
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
  };
}

/** Results are messages of their own, before what the user says. */
function userMessages({ parts }: ModelMessage): Json[] {
  const results = partsOf(parts, 'tool-result').map(({ callId, content }) => ({
    role: 'tool',
    tool_call_id: callId,
    content: contentOf(content),
  }));
  const words = parts.filter((part) => part.type === 'text' || part.type === 'image');
  return words.length === 0 ? results : [...results, { role: 'user', content: contentOf(words) }];
}

function contentOf(parts: readonly (PartOf<'text'> | PartOf<'image'>)[]): string | readonly Json[] {
  const [first] = parts;
  if (parts.length === 1 && first?.type === 'text') return first.text;
  return parts.map((part) =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : {
          type: 'image_url',
          image_url: { url: `data:${part.mediaType};base64,${part.base64}` },
        },
  );
}

function assistantMessage({ parts }: ModelMessage): Json {
  const text = partsOf(parts, 'text')
    .map((part) => part.text)
    .join('');
  const thoughts = partsOf(parts, 'reasoning');
  const calls = partsOf(parts, 'tool-call');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(thoughts.length === 0 ? {} : { reasoning_details: thoughts.map(thoughtDetail) }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(toolCall) }),
  };
}

function thoughtDetail({ redacted, signature, text }: PartOf<'reasoning'>, index: number): Json {
  if (redacted !== undefined) return { type: 'reasoning.encrypted', data: redacted, index };
  return {
    type: 'reasoning.text',
    text,
    index,
    ...(signature === undefined ? {} : { signature }),
  };
}

function toolCall({ arguments: json, id, name, signature }: PartOf<'tool-call'>): Json {
  return {
    id,
    type: 'function',
    function: { name, arguments: json },
    ...(signature === undefined
      ? {}
      : { extra_content: { google: { thought_signature: signature } } }),
  };
}

function partsOf<Type extends ModelPart['type']>(
  parts: readonly ModelPart[],
  type: Type,
): PartOf<Type>[] {
  return parts.filter((part): part is PartOf<Type> => part.type === type);
}
