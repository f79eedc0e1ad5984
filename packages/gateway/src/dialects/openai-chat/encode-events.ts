import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { Signature } from '../../neutral/chat-request.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EncodeResponseContext, EventEncoder, Upgrade } from '../dialect.ts';
import { annotationOf, documentCitationOf } from './citations.ts';
import { customToolNames, unwrapCustomInput } from './custom-tools.ts';
import { completionId, extraContentOf, imageOf } from './encode-response.ts';
import { errorBody } from './errors.ts';
import { finishReasonName } from './finish-reason.ts';
import { logprobsRecord } from './logprobs.ts';
import { detailOf } from './reasoning-details.ts';
import type { ChunkDelta } from './types.ts';
import { usageRecord } from './usage.ts';

type PartStart = Extract<ChatEvent, { type: 'part-start' }>;

/** A part of a choice that is being told. */
type OpenPart =
  | { kind: 'text'; start: number }
  | { kind: 'refusal' | 'image' }
  | { kind: 'reasoning'; index: number; start: PartStart; isTold: boolean }
  /** `held`: the arguments of a call that has to be unwrapped, which only works on the whole. */
  | { kind: 'tool-call'; index: number; start: PartStart; isCustom: boolean; held?: string };

interface ChoiceState {
  isBegun: boolean;
  isFinished: boolean;
  hasRefusal: boolean;
  textLength: number;
  counts: { calls: number; thoughts: number; images: number };
  parts: Map<number, OpenPart>;
}

/**
 * Writes `chat.completion.chunk` records: a first one with the role, the deltas, one with
 * `finish_reason`, one with usage where the caller asked for it, `[DONE]`. Thoughts go out twice,
 * as `reasoning_content` and as `reasoning_details`, since clients read the one or the other.
 * A failure is told as a record with `error`, after which nothing comes.
 */
export function createEventEncoder(context: EncodeResponseContext): EventEncoder {
  return new OpenAiChatEncoder(context);
}

class OpenAiChatEncoder implements EventEncoder {
  readonly #context: EncodeResponseContext;
  readonly #customTools: ReadonlySet<string>;
  readonly #choices: ChoiceState[] = [];
  readonly #tail: string;
  #head = '';
  #usage: Usage | undefined;
  /** Of the first choice that is not void. */
  #firstChoice = 0;

  constructor(context: EncodeResponseContext) {
    this.#context = context;
    this.#customTools = customToolNames(context.request.tools);
    this.#tail = context.streamUsage ? '],"usage":null}\n\n' : ']}\n\n';
    this.#head = this.#headOf('', context.createdAtMs);
  }

  push(event: ChatEvent): string {
    if (this.#firstChoice === 0) return this.#push(event);
    // The one answer has one id.
    if (event.type === 'response-start') return '';
    const isOfChoice = 'choice' in event;
    return this.#push(isOfChoice ? { ...event, choice: event.choice + this.#firstChoice } : event);
  }

  /** The choices so far end, cut short, and those of the other answer have the numbers after them. */
  upgrade(to: Upgrade): string {
    let text = '';
    this.#choices.forEach((state, choice) => {
      if (state.isBegun && !state.isFinished) text += this.#raw(choice, '{}', 'null', '"length"');
    });
    this.#firstChoice = Math.max(1, this.#choices.length);
    const member = JSON.stringify({ upgrade: { ...to, choice: this.#firstChoice } });
    const end = '}\n\n';
    return `${text}${this.#head}${this.#tail.slice(0, -end.length)},"omen":${member}${end}`;
  }

  #push(event: ChatEvent): string {
    switch (event.type) {
      case 'response-start':
        this.#head = this.#headOf(event.id, event.createdAtMs);
        return '';
      case 'part-start':
        return this.#startPart(event);
      case 'text-delta':
        return this.#text(event);
      case 'reasoning-delta':
        return this.#reasoning(event);
      case 'refusal-delta':
        return this.#raw(event.choice, `{"refusal":${JSON.stringify(event.text)}}`);
      case 'arguments-delta':
        return this.#arguments(event);
      case 'citation':
        return this.#cite(event);
      case 'part-end':
        return this.#endPart(event);
      case 'finish':
        return this.#finish(event);
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'ping':
        return ': ping\n\n';
      case 'error':
        return `data: ${JSON.stringify(errorBody(event.error))}\n\n`;
      case 'response-end':
        return `${this.#usageRecord()}data: [DONE]\n\n`;
    }
  }

  #headOf(id: string, createdAtMs: number): string {
    const fields = JSON.stringify({
      id: completionId(id, this.#context),
      object: 'chat.completion.chunk',
      created: Math.floor(createdAtMs / 1000),
      model: this.#context.model,
    });
    return `data: ${fields.slice(0, -1)},"choices":[`;
  }

  /** A record of one choice; `delta` is JSON. */
  #raw(choice: number, delta: string, logprobs = 'null', finish = 'null'): string {
    return `${this.#head}{"index":${choice},"delta":${delta},"logprobs":${logprobs},"finish_reason":${finish}}${this.#tail}`;
  }

  #record(choice: number, delta: ChunkDelta): string {
    return this.#raw(choice, JSON.stringify(delta));
  }

  #choice(index: number): ChoiceState {
    const known = this.#choices[index];
    if (known) return known;
    const state: ChoiceState = {
      isBegun: false,
      isFinished: false,
      hasRefusal: false,
      textLength: 0,
      counts: { calls: 0, thoughts: 0, images: 0 },
      parts: new Map(),
    };
    this.#choices[index] = state;
    return state;
  }

  /** The record with the role; `content` is empty where text may follow, null before a tool call. */
  #begin(index: number, state: ChoiceState, content: '' | null): string {
    if (state.isBegun) return '';
    state.isBegun = true;
    return this.#record(index, { role: 'assistant', content, refusal: null });
  }

  #startPart(event: PartStart): string {
    const state = this.#choice(event.choice);
    const begin = this.#begin(event.choice, state, event.kind === 'tool-call' ? null : '');
    switch (event.kind) {
      case 'text':
        state.parts.set(event.part, { kind: 'text', start: state.textLength });
        return begin;
      case 'refusal':
        state.hasRefusal = true;
        state.parts.set(event.part, { kind: 'refusal' });
        return begin;
      case 'reasoning': {
        const index = state.counts.thoughts++;
        state.parts.set(event.part, { kind: 'reasoning', index, start: event, isTold: false });
        return begin;
      }
      case 'image': {
        state.parts.set(event.part, { kind: 'image' });
        if (!event.source) return begin;
        const image = imageOf({ type: 'image', source: event.source }, state.counts.images++);
        return begin + this.#record(event.choice, { images: [image] });
      }
      case 'tool-call':
        return begin + this.#startCall(event, state);
    }
  }

  #startCall(event: PartStart, state: ChoiceState): string {
    const index = state.counts.calls++;
    const { callId: id = '', name = '' } = event;
    const isCustom = event.custom ?? false;
    const call: OpenPart = { kind: 'tool-call', index, start: event, isCustom };
    state.parts.set(event.part, call);
    if (!isCustom && this.#customTools.has(name)) {
      call.held = '';
      return '';
    }
    const delta = isCustom
      ? { index, id, type: 'custom' as const, custom: { name, input: '' } }
      : { index, id, type: 'function' as const, function: { name, arguments: '' } };
    return this.#record(event.choice, { tool_calls: [delta] });
  }

  #text(event: Extract<ChatEvent, { type: 'text-delta' }>): string {
    this.#choice(event.choice).textLength += event.text.length;
    const delta = `{"content":${JSON.stringify(event.text)}}`;
    if (!event.logprobs) return event.text === '' ? '' : this.#raw(event.choice, delta);
    return this.#raw(event.choice, delta, JSON.stringify(logprobsRecord(event.logprobs)));
  }

  #reasoning(event: Extract<ChatEvent, { type: 'reasoning-delta' }>): string {
    const part = this.#choice(event.choice).parts.get(event.part);
    if (part?.kind !== 'reasoning' || event.text === '') return '';
    const text = JSON.stringify(event.text);
    const { id, summary } = part.start;
    const [type, field] = summary ? ['summary', 'summary'] : ['text', 'text'];
    const name = part.isTold || id === undefined ? '' : `"id":${JSON.stringify(id)},`;
    part.isTold = true;
    return this.#raw(
      event.choice,
      `{"reasoning_content":${text},"reasoning_details":[{"type":"reasoning.${type}",${name}"${field}":${text},"index":${part.index}}]}`,
    );
  }

  #arguments(event: Extract<ChatEvent, { type: 'arguments-delta' }>): string {
    const part = this.#choice(event.choice).parts.get(event.part);
    if (part?.kind !== 'tool-call' || event.json === '') return '';
    if (part.held !== undefined) {
      part.held += event.json;
      return '';
    }
    const json = JSON.stringify(event.json);
    const piece = part.isCustom ? `"custom":{"input":${json}}` : `"function":{"arguments":${json}}`;
    return this.#raw(event.choice, `{"tool_calls":[{"index":${part.index},${piece}}]}`);
  }

  #cite({ choice, part, citation }: Extract<ChatEvent, { type: 'citation' }>): string {
    const state = this.#choice(choice);
    const open = state.parts.get(part);
    const start = open?.kind === 'text' ? open.start : 0;
    const annotation = annotationOf(citation, { start, end: state.textLength });
    return this.#record(
      choice,
      annotation
        ? { annotations: [annotation] }
        : { document_citations: [documentCitationOf(citation)] },
    );
  }

  #endPart({ choice, part, signature }: Extract<ChatEvent, { type: 'part-end' }>): string {
    const open = this.#choice(choice).parts.get(part);
    switch (open?.kind) {
      case 'reasoning':
        return this.#endReasoning(choice, open, signature);
      case 'tool-call':
        return this.#endCall(choice, open, signature);
      case 'text':
        return signature ? this.#record(choice, extraContentOf({ signature })) : '';
      default:
        return '';
    }
  }

  /** The last piece of a thought: its signature, or all of a thought that had no text. */
  #endReasoning(
    choice: number,
    { index, start, isTold }: Extract<OpenPart, { kind: 'reasoning' }>,
    signature: Signature | undefined,
  ): string {
    if (isTold && !signature) return '';
    const { id, summary, redacted } = start;
    const detail = detailOf(
      {
        type: 'reasoning',
        text: '',
        ...(signature ? { signature } : {}),
        ...(isTold || id === undefined ? {} : { id }),
        ...(summary ? { summary } : {}),
        ...(redacted ? { redacted } : {}),
      },
      index,
    );
    return this.#record(choice, { reasoning_details: [detail] });
  }

  #endCall(
    choice: number,
    { index, start, held, isCustom }: Extract<OpenPart, { kind: 'tool-call' }>,
    signature: Signature | undefined,
  ): string {
    const extra = extraContentOf(signature ? { signature } : {});
    if (held === undefined) {
      if (!signature) return '';
      // Some clients (Vercel's `ai`) refuse a piece of a call without its kind's object.
      const piece = isCustom ? { custom: { input: '' } } : { function: { arguments: '' } };
      return this.#record(choice, { tool_calls: [{ index, ...piece, ...extra }] });
    }
    const { callId: id = '', name = '' } = start;
    const custom = { name, input: unwrapCustomInput(held) };
    return this.#record(choice, { tool_calls: [{ index, id, type: 'custom', custom, ...extra }] });
  }

  #finish(event: Extract<ChatEvent, { type: 'finish' }>): string {
    const state = this.#choice(event.choice);
    const begin = this.#begin(event.choice, state, '');
    state.isFinished = true;
    let reason = JSON.stringify(finishReasonName(event.reason, state.hasRefusal));
    if (event.stopSequence !== undefined) {
      reason += `,"stop_reason":${JSON.stringify(event.stopSequence)}`;
    }
    return begin + this.#raw(event.choice, '{}', 'null', reason);
  }

  #usageRecord(): string {
    if (!this.#context.streamUsage || !this.#usage) return '';
    return `${this.#head}],"usage":${JSON.stringify(usageRecord(this.#usage))}}\n\n`;
  }
}
