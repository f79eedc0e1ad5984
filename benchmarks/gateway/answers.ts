/** Text chunks of every streamed answer. */
const chunkCount = 100;
/** Time between two chunks of a paced stream. */
export const paceMs = 5;
/** How long the slower of two providers takes for an answer. */
export const lateMs = 25;
/** What the emulator takes as a provider's key: a gateway has to put it in place of its own. */
export const providerKey = 'sk-emulated-provider-key-000000000000';
/** The model that a provider of each dialect is asked for: with known prices, so that rows are priced. */
export const models = { openai: 'gpt-5-mini', anthropic: 'claude-haiku-4-5' } as const;

const words = ['the ', 'gate ', 'is ', 'open ', 'and ', 'all ', 'that ', 'comes ', 'goes ', 'on '];
const chunks = Array.from({ length: chunkCount }, (_, index) => words[index % words.length] ?? '');

/** The text of every good answer. */
export const answerText = chunks.join('');

const created = 1_790_000_000;
const usage = { prompt_tokens: 100, completion_tokens: chunkCount, total_tokens: 100 + chunkCount };

/** An OpenAI chat completion. */
export const openAiWhole = JSON.stringify({
  id: 'chatcmpl-emulated0000000000000000',
  object: 'chat.completion',
  created,
  model: models.openai,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: answerText, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    ...usage,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_emulated',
});

/** An Anthropic message. */
export const anthropicWhole = JSON.stringify({
  id: 'msg_emulated00000000000000',
  type: 'message',
  role: 'assistant',
  model: models.anthropic,
  content: [{ type: 'text', text: answerText }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 100, output_tokens: chunkCount },
});

/** The records of an OpenAI chat stream; one more with usage where the caller asks for it. */
export function openAiRecords(includeUsage: boolean): string[] {
  const common = {
    id: 'chatcmpl-emulated0000000000000000',
    object: 'chat.completion.chunk',
    created,
    model: models.openai,
    service_tier: 'default',
    system_fingerprint: 'fp_emulated',
  };
  const last = includeUsage ? { usage: null } : {};
  const choice = (delta: object, finish: string | null) =>
    data({
      ...common,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...last,
    });
  return [
    ...chunks.map((content, index) =>
      choice(index === 0 ? { role: 'assistant', content, refusal: null } : { content }, null),
    ),
    choice({}, 'stop'),
    ...(includeUsage ? [data({ ...common, choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ];
}

/** The records of an Anthropic stream. */
export function anthropicRecords(): string[] {
  const started = {
    id: 'msg_emulated00000000000000',
    type: 'message',
    role: 'assistant',
    model: models.anthropic,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 1 },
  };
  return [
    event({ type: 'message_start', message: started }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...chunks.map((text) =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    ),
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: chunkCount },
    }),
    event({ type: 'message_stop' }),
  ];
}

/** What a provider says to too many requests, in both dialects. */
export const refusals = {
  openai: JSON.stringify({
    error: {
      message: 'Rate limit reached for requests',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    },
  }),
  anthropic: JSON.stringify({
    type: 'error',
    error: { type: 'rate_limit_error', message: 'Rate limit reached for requests' },
  }),
} as const;

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function event(value: { type: string } & Record<string, unknown>): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
}
