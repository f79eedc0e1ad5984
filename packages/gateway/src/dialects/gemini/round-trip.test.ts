import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { SseParser } from '../../framing/sse.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type {
  ChatMessage,
  ChatRequest,
  OutputPart,
  UserMessage,
} from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { collectResponse } from '../../neutral/collect-response.ts';
import { replayResponse } from '../../neutral/replay-response.ts';
import type { EncodeResponseContext } from '../dialect.ts';
import { geminiDialect } from './index.ts';

// What the dialect can carry, no more: what it drops or maps has tests of its own.
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const clean = <T extends object>(value: T): T => json(value);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z_][a-zA-Z0-9_]{0,8}$/);
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 9 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const ownSignature = fc.record({
  origin: fc.constant('gemini' as const),
  value: base64.map((value) => `A${value}`),
});
const anySignature = fc.oneof(
  ownSignature,
  fc.record({
    origin: fc.constantFrom('anthropic-messages' as const, 'openai-responses' as const),
    value: text,
  }),
);
const plainJson = fc.jsonValue({ maxDepth: 2 }).map(json);
const jsonObject = fc.dictionary(name, plainJson, { maxKeys: 3 });
const args = jsonObject.map((value) => JSON.stringify(value));

const bytesOf = (mediaType: string) =>
  fc.record({
    kind: fc.constant('base64' as const),
    mediaType: fc.constant(mediaType),
    data: base64,
  });
const mediaSource = (mediaType: string) =>
  fc.oneof(
    bytesOf(mediaType),
    fc.record({
      kind: fc.constant('url' as const),
      url: fc.webUrl(),
      mediaType: fc.constant(mediaType),
    }),
    fc.record({
      kind: fc.constant('file' as const),
      fileId: name.map((id) => `https://generativelanguage.googleapis.com/v1beta/files/${id}`),
      mediaType: fc.constant(mediaType),
    }),
  );
const ownExtra = (fields: Record<string, unknown>) =>
  optional(fc.constant({ dialect: 'gemini' as const, fields }));
const textPart = fc.record({ type: fc.constant('text' as const), text });
const rawText = text.map((value) => ({
  type: 'text' as const,
  text: value,
  raw: { dialect: 'gemini' as const, value: { text: value, partMetadata: { a_b: 1 } } },
}));
const image = fc.record({
  type: fc.constant('image' as const),
  source: mediaSource('image/png'),
  extra: ownExtra({ mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' } }),
});
const document = fc.record({
  type: fc.constant('document' as const),
  source: mediaSource('application/pdf'),
});
const audio = fc.record({
  type: fc.constant('audio' as const),
  source: mediaSource('audio/wav'),
  extra: ownExtra({ videoMetadata: { fps: 1 } }),
});
const toolResult = fc
  .record({
    name,
    isError: optional(fc.constant(true)),
    extra: ownExtra({ functionResponse: { scheduling: 'SILENT' } }),
    said: fc.array(textPart, { maxLength: 1 }),
    shown: fc.array(fc.oneof(image, document), { maxLength: 2 }),
  })
  .map(({ said, shown, ...rest }) => ({
    type: 'tool-result' as const,
    callId: '',
    ...rest,
    content: [...said, ...shown],
  }));

const modelText = (signature: fc.Arbitrary<unknown>) =>
  fc.record({ type: fc.constant('text' as const), text, signature: optional(signature) });
const reasoning = (signature: fc.Arbitrary<unknown>) =>
  fc.record({
    type: fc.constant('reasoning' as const),
    text,
    summary: fc.constant(true),
    signature: optional(signature),
  });
const toolCall = (signature: fc.Arbitrary<unknown>) =>
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.uuid(),
    name,
    arguments: args,
    signature: optional(signature),
  });
const outputImage = (signature: fc.Arbitrary<unknown>) =>
  fc.record({
    type: fc.constant('image' as const),
    source: bytesOf('image/png'),
    signature: optional(signature),
  });

const outputParts = (signature: fc.Arbitrary<unknown>) =>
  fc
    .array(
      fc.oneof(
        modelText(signature),
        reasoning(signature),
        toolCall(signature),
        outputImage(signature),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((parts) => clean(parts) as OutputPart[])
    .map(withoutJoins);

/** Text that goes on from unsigned text of its kind would be one part with it. */
function withoutJoins(parts: OutputPart[]): OutputPart[] {
  const kept: OutputPart[] = [];
  for (const part of parts) {
    const before = kept.at(-1);
    const joins =
      (before?.type === 'text' || before?.type === 'reasoning') &&
      before.type === part.type &&
      before.signature === undefined;
    if (!joins) kept.push(part);
  }
  return kept;
}

const userMessage = fc
  .array(fc.oneof(textPart, rawText, image, document, audio, toolResult), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts): UserMessage => ({ role: 'user', parts: clean(parts) as UserMessage['parts'] }));

const conversation = fc
  .record({
    first: userMessage,
    turns: fc.array(fc.tuple(outputParts(ownSignature), userMessage), { maxLength: 3 }),
  })
  .map(({ first, turns }) => {
    const messages: ChatMessage[] = [first];
    for (const [parts, answer] of turns) messages.push({ role: 'assistant', parts }, answer);
    return numberResults(json(messages));
  });

/** Gives every result an id of its own, as a real conversation has. */
function numberResults(messages: ChatMessage[]): ChatMessage[] {
  let count = 0;
  for (const { parts } of messages) {
    for (const part of parts) {
      if (part.type === 'tool-result') part.callId = `result_${count++}`;
    }
  }
  return messages;
}

const small = fc.integer({ min: 1, max: 1000 });
const fraction = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);
const reasoningSettings = (model: string): fc.Arbitrary<unknown> => {
  const show = optional(fc.constantFrom('none' as const, 'auto' as const));
  return model.includes('2.5')
    ? fc.oneof(
        fc.record({ enabled: fc.constant(false), show }),
        fc.record({ adaptive: fc.constant(true), show }),
        fc.record({ budgetTokens: small, show }),
      )
    : fc.record({ effort: fc.constantFrom('minimal', 'low', 'medium', 'high'), show });
};

const requestFor = (model: string) =>
  fc
    .record({
      system: fc.array(textPart, { maxLength: 2 }),
      messages: conversation,
      tools: optional(
        fc.array(
          fc.record({
            name,
            description: optional(text),
            parameters: optional(jsonObject),
            extra: ownExtra({ behavior: 'BLOCKING' }),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      ),
      toolChoice: optional(
        fc.oneof(
          fc.constantFrom({ type: 'auto' }, { type: 'none' }, { type: 'required' }),
          fc.record({ type: fc.constant('tool'), name }),
          fc.record({
            type: fc.constant('allowed'),
            names: fc.array(name, { minLength: 2, maxLength: 3 }),
            required: fc.boolean(),
          }),
        ),
      ),
      responseFormat: optional(
        fc.oneof(
          fc.constantFrom({ type: 'text' }, { type: 'json' }),
          fc.record({ type: fc.constant('json-schema'), schema: jsonObject }),
        ),
      ),
      reasoning: optional(reasoningSettings(model)),
      maxOutputTokens: optional(small),
      temperature: optional(fraction),
      topP: optional(fraction),
      topK: optional(small),
      stop: optional(fc.array(text, { minLength: 1, maxLength: 3 })),
      choiceCount: optional(fc.integer({ min: 1, max: 8 })),
      logprobs: optional(fc.boolean()),
      topLogprobs: optional(fc.integer({ min: 0, max: 20 })),
      seed: optional(fc.integer()),
      presencePenalty: optional(fraction),
      frequencyPenalty: optional(fraction),
      serviceTier: optional(fc.constantFrom('flex', 'standard', 'priority')),
      stream: fc.boolean(),
      extensions: fc.record({
        dialect: fc.constant('gemini'),
        fields: fc.record({
          safetySettings: fc.array(jsonObject, { maxLength: 1 }),
          labels: jsonObject,
        }),
      }),
    })
    .map((fields) => {
      const { toolChoice, ...rest } = clean(fields) as unknown as ChatRequest;
      return {
        ...rest,
        model,
        ...(rest.stream ? { streamUsage: true } : {}),
        ...(rest.tools && toolChoice ? { toolChoice } : {}),
      };
    });

describe('requests', () => {
  for (const model of ['gemini-2.5-flash', 'gemini-3-flash-preview']) {
    test(`come back as they went out to ${model}`, () => {
      fc.assert(
        fc.property(requestFor(model), (request) => {
          // Models before Gemini 3 take no media in a result: a mapping of its own.
          fc.pre(!model.includes('2.5') || !hasMediaResults(request));
          const { body, notes } = geminiDialect.encodeRequest(request, { model });
          const wire = json(body);
          const back = geminiDialect.decodeRequest(wire, { model, stream: request.stream });
          expect(back).toEqual(request);
          // The placeholder signature is the one thing that is added.
          expect(notes.filter(({ field }) => field !== 'messages[].parts[].signature')).toEqual([]);
        }),
        { numRuns: 100 },
      );
    });
  }
});

function hasMediaResults(request: ChatRequest): boolean {
  return request.messages.some(({ parts }) =>
    parts.some(
      (part) => part.type === 'tool-result' && part.content.some(({ type }) => type !== 'text'),
    ),
  );
}

const context: EncodeResponseContext = {
  model: 'm',
  request: {},
  responseId: 'r1',
  createdAtMs: 0,
};

const usage = fc
  .record({ input: fc.integer({ min: 10, max: 999 }), output: fc.integer({ min: 10, max: 999 }) })
  .chain(({ input, output }) =>
    fc.record({
      input: fc.constant(input),
      output: fc.constant(output),
      cachedInput: optional(fc.integer({ min: 1, max: 10 })),
      reasoning: optional(fc.integer({ min: 1, max: 5 })),
      audioInput: optional(fc.integer({ min: 1, max: 5 })),
      imageInput: optional(fc.integer({ min: 1, max: 5 })),
      imageOutput: optional(fc.integer({ min: 1, max: 5 })),
    }),
  );

const responseWith = (signature: fc.Arbitrary<unknown>, choices: number) =>
  fc
    .record({
      choices: fc.array(
        fc.record({
          parts: outputParts(signature),
          reason: fc.constantFrom('stop', 'length', 'content-filter'),
        }),
        { minLength: 1, maxLength: choices },
      ),
      usage: optional(usage),
    })
    .map(({ choices, usage }) => {
      const response = {
        id: 'r1',
        model: 'm',
        createdAtMs: 0,
        choices: choices.map(({ parts, reason }) => ({
          parts: withCitations(parts),
          finishReason:
            reason === 'stop' && parts.some(({ type }) => type === 'tool-call')
              ? 'tool-calls'
              : reason,
        })),
        ...(usage ? { usage } : {}),
      };
      return clean(response) as ChatResponse;
    });

/** A citation in the first text, from its first character to its last. */
function withCitations(parts: OutputPart[]): OutputPart[] {
  const first = parts.find((part) => part.type === 'text');
  if (first?.type === 'text' && first.text.length % 2 === 0) {
    first.citations = [
      { kind: 'url', url: 'https://a.example', title: 'A', start: 0, end: first.text.length },
    ];
  }
  return parts;
}

const untimed = (response: ChatResponse): ChatResponse => ({ ...response, createdAtMs: 0 });

function streamed(response: ChatResponse): ChatEvent[] {
  const encoder = geminiDialect.createEventEncoder(context);
  const parser = new SseParser();
  const decoder = geminiDialect.createEventDecoder();
  const events: ChatEvent[] = [];
  for (const event of replayResponse(response)) {
    const bytes = new TextEncoder().encode(encoder.push(event));
    for (const frame of parser.push(bytes)) events.push(...decoder.push(frame));
  }
  for (const frame of parser.end()) events.push(...decoder.push(frame));
  return [...events, ...decoder.end()];
}

describe('answers', () => {
  test('come back whole', () => {
    fc.assert(
      fc.property(responseWith(ownSignature, 3), (response) => {
        const wire = json(geminiDialect.encodeResponse(response, context));
        expect(untimed(geminiDialect.decodeResponse(wire))).toEqual(response);
      }),
      { numRuns: 100 },
    );
  });

  test('come back streamed', () => {
    fc.assert(
      fc.property(responseWith(ownSignature, 3), (response) => {
        expect(untimed(collectResponse(streamed(response)))).toEqual(response);
      }),
      { numRuns: 100 },
    );
  });

  test('of any vendor’s signatures come back through a caller’s next request', () => {
    fc.assert(
      fc.property(outputParts(anySignature), (parts) => {
        const response: ChatResponse = {
          id: 'r1',
          model: 'm',
          createdAtMs: 0,
          choices: [{ parts, finishReason: 'stop' }],
        };
        const wire = json(geminiDialect.encodeResponse(response, context)) as {
          candidates: { content: object }[];
        };
        const contents = [{ role: 'user', parts: [{ text: 'q' }] }, wire.candidates[0]?.content];
        const { messages } = geminiDialect.decodeRequest({ contents }, { model: 'm' });
        expect(messages[1]?.parts as OutputPart[]).toEqual(parts);
      }),
      { numRuns: 100 },
    );
  });
});
