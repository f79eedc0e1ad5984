import { httpStatusOf } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { OutputPart, Signature } from '../../neutral/chat-request.ts';
import type { ChatChoice, ChatResponse } from '../../neutral/chat-response.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EncodeResponseContext, EventEncoder, JsonObject } from '../dialect.ts';
import { argumentsObject } from '../free-form-tool.ts';
import { CandidateState, malformedCall } from './candidate-state.ts';
import { encodeCitations, type PlacedCitation, type TextOfPart } from './citations.ts';
import { errorBody } from './errors.ts';
import { encodeFinishReason } from './finish-reason.ts';
import { encodeLogprobs } from './logprobs.ts';
import { encodeMedia } from './media.ts';
import { encodeSignature } from './signatures.ts';
import type { WireCandidate, WirePart, WireResponse } from './types.ts';
import { encodeUsage } from './usage.ts';

/** The stream of `:streamGenerateContent?alt=sse`: every event a `GenerateContentResponse`. */
export function createEventEncoder(context: EncodeResponseContext): EventEncoder {
  return new GeminiEventEncoder(context);
}

class GeminiEventEncoder implements EventEncoder {
  readonly #names: Pick<WireResponse, 'modelVersion' | 'responseId'>;
  readonly #candidates = new Map<number, CandidateState>();
  #usage: Usage | undefined;
  readonly #requestId: string | undefined;
  #isOver = false;

  constructor(context: EncodeResponseContext) {
    this.#requestId = context.requestId;
    this.#names = { modelVersion: context.model, responseId: context.responseId };
  }

  push(event: ChatEvent): string {
    if (this.#isOver) return '';
    switch (event.type) {
      case 'response-start':
      case 'ping':
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'error':
        this.#isOver = true;
        return record(errorBody(event.error, httpStatusOf(event.error), this.#requestId));
      case 'response-end':
        this.#isOver = true;
        return this.#end();
      case 'finish':
        this.#of(event.choice).finish = event.reason;
        return '';
      case 'citation':
        this.#of(event.choice).citations.push({ part: event.part, citation: event.citation });
        return '';
      default: {
        const part = this.#of(event.choice).part(event);
        if (part === undefined) return '';
        const candidate: WireCandidate = {
          content: { parts: [part], role: 'model' },
          index: event.choice,
        };
        if (event.type === 'text-delta' && event.logprobs) {
          candidate.logprobsResult = encodeLogprobs(event.logprobs);
        }
        return record({ candidates: [candidate], ...this.#names });
      }
    }
  }

  #end(): string {
    const candidates: WireCandidate[] = [];
    for (const [index, state] of this.#candidates) {
      candidates.push({ content: { parts: [{ text: '' }], role: 'model' }, index, ...state.end() });
    }
    return record({
      ...(candidates.length > 0 ? { candidates } : {}),
      ...(this.#usage ? { usageMetadata: encodeUsage(this.#usage) } : {}),
      ...this.#names,
    });
  }

  #of(choice: number): CandidateState {
    let state = this.#candidates.get(choice);
    if (!state) {
      state = new CandidateState();
      this.#candidates.set(choice, state);
    }
    return state;
  }
}

function record(value: WireResponse | JsonObject): string {
  return `data: ${JSON.stringify(value)}\r\n\r\n`;
}

/** A whole answer. */
export function encodeResponse(response: ChatResponse, context: EncodeResponseContext): JsonObject {
  const whole: WireResponse = {
    candidates: response.choices.map(encodeChoice),
    ...(response.usage ? { usageMetadata: encodeUsage(response.usage) } : {}),
    modelVersion: context.model,
    responseId: context.responseId,
  };
  return { ...whole };
}

function encodeChoice(choice: ChatChoice, index: number): WireCandidate {
  const parts: WirePart[] = [];
  const texts: TextOfPart[] = [];
  const citations: PlacedCitation[] = [];
  let malformed: string | undefined;
  for (const [part, value] of choice.parts.entries()) {
    const encoded = encodePart(value);
    if (encoded) parts.push(encoded);
    else if (value.type === 'tool-call') malformed ??= value.name;
    if (value.type !== 'text') continue;
    texts.push({ part, text: value.text });
    for (const citation of value.citations ?? []) citations.push({ part, citation });
  }
  if (parts.length === 0) parts.push({ text: '' });
  return {
    content: { parts, role: 'model' },
    ...(malformed === undefined
      ? { finishReason: encodeFinishReason(choice.finishReason) }
      : malformedCall(malformed)),
    index,
    ...(citations.length > 0 ? { groundingMetadata: encodeCitations(citations, texts) } : {}),
    ...(choice.logprobs ? { logprobsResult: encodeLogprobs(choice.logprobs) } : {}),
  };
}

/** Undefined for a call whose arguments are no JSON object: Google's dialect can't say it. */
function encodePart(part: OutputPart): WirePart | undefined {
  switch (part.type) {
    case 'text':
      return { text: part.text, ...signed(part.signature) };
    case 'refusal':
      return { text: part.text };
    case 'image':
      return { ...(encodeMedia(part.source, 'image') ?? { text: '' }), ...signed(part.signature) };
    case 'reasoning':
      return { text: part.text, thought: true, ...signed(part.signature, part.redacted) };
    case 'tool-call': {
      const { id, name, custom } = part;
      const args = custom ? { input: part.arguments } : argumentsObject(part.arguments);
      return args && { functionCall: { id, name, args }, ...signed(part.signature) };
    }
  }
}

function signed(signature: Signature | undefined, redacted?: boolean) {
  return signature ? { thoughtSignature: encodeSignature(signature, redacted) } : {};
}
