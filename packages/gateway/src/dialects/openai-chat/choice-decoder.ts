import type { ChatEvent, FinishReason, TokenLogprob } from '../../neutral/chat-event.ts';
import type { Citation, Signature } from '../../neutral/chat-request.ts';
import { unwrapSignature } from '../../neutral/signature.ts';
import { citationOfAnnotation, citationOfDocument } from './citations.ts';
import { finishReasonOf } from './finish-reason.ts';
import { logprobsOf } from './logprobs.ts';
import { sourceOfUrl } from './media.ts';
import {
  filledText,
  googleSignatureOf,
  listOf,
  type ProviderChoice,
  type ProviderMessage,
  recordOf,
} from './provider-answer.ts';
import { detailOfProvider, partOfDetail } from './reasoning-details.ts';
import { ToolCallDecoder } from './tool-call-decoder.ts';
import type { ReasoningDetail } from './types.ts';

type RunningKind = 'text' | 'reasoning' | 'refusal';

/**
 * One choice of an answer: the deltas of a stream, or the message of a whole answer as one delta.
 * Thoughts are read from `reasoning_details` where they are there, else from `reasoning_content`
 * (DeepSeek) or `reasoning` (vLLM, Groq), or from `thinking` parts of the content (Mistral).
 */
export class ChoiceDecoder {
  readonly #choice: number;
  readonly #calls: ToolCallDecoder;
  #nextPart = 0;
  #open: { kind: RunningKind; part: number } | undefined;
  #signature: Signature | undefined;
  #detail: ReasoningDetail | undefined;
  #lastText: number | undefined;
  #hasRefusal = false;
  #finish: { reason: FinishReason; stopSequence?: string } | undefined;

  constructor(choice: number) {
    this.#choice = choice;
    this.#calls = new ToolCallDecoder(choice, () => this.#nextPart++);
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  push(choice: ProviderChoice, events: ChatEvent[]): void {
    if (this.#finish) return;
    const message = choice.delta ?? choice.message;
    const logprobs = choice.logprobs ? logprobsOf(choice.logprobs) : undefined;
    if (typeof message === 'object' && message !== null) this.#read(message, logprobs, events);
    if (choice.finish_reason != null) this.#setFinish(choice, events);
  }

  /** The `finish` of this choice; one that never said why it ended is taken to have stopped. */
  end(events: ChatEvent[]): ChatEvent {
    if (!this.#finish) this.#setFinish({}, events);
    return {
      type: 'finish',
      choice: this.#choice,
      ...(this.#finish ?? { reason: 'stop' as const }),
    };
  }

  #read(message: ProviderMessage, logprobs: TokenLogprob[] | undefined, events: ChatEvent[]): void {
    this.#readReasoning(message, events);
    const { content } = message;
    if (typeof content === 'string') this.#text(content, logprobs, events);
    else if (Array.isArray(content)) this.#readContentParts(content, logprobs, events);
    if (message.audio) this.#text(filledText(message.audio.transcript) ?? '', logprobs, events);
    if (message.extra_content) this.#readTextSignature(message);
    const refusal = filledText(message.refusal);
    if (refusal !== undefined) {
      this.#hasRefusal = true;
      const part = this.#run('refusal', events);
      events.push({ type: 'refusal-delta', choice: this.#choice, part, text: refusal });
    }
    if (message.tool_calls) this.#readCalls(listOf(message.tool_calls), events);
    if (message.function_call) this.#readCalls([{ function: message.function_call }], events);
    if (message.images) this.#readImages(message.images, events);
    if (message.annotations || message.document_citations) this.#readCitations(message, events);
  }

  #readReasoning(message: ProviderMessage, events: ChatEvent[]): void {
    let isTold = false;
    if (message.reasoning_details) {
      for (const detail of listOf(message.reasoning_details)) {
        isTold = this.#readDetail(detailOfProvider(detail), events) || isTold;
      }
    }
    if (isTold) return;
    const text = filledText(message.reasoning_content) ?? filledText(message.reasoning);
    if (text !== undefined) this.#think(text, events);
  }

  #think(text: string, events: ChatEvent[]): void {
    const part = this.#run('reasoning', events);
    events.push({ type: 'reasoning-delta', choice: this.#choice, part, text });
  }

  #readDetail(detail: ReasoningDetail, events: ChatEvent[]): boolean {
    const thought = partOfDetail(detail);
    if (thought === undefined) return false;
    const isNew =
      this.#open?.kind !== 'reasoning' ||
      this.#detail === undefined ||
      !goesOn(this.#detail, detail);
    if (isNew) this.#closeRunning(events);
    this.#detail = detail;
    const part = this.#run('reasoning', events, {
      ...(thought.id === undefined ? {} : { id: thought.id }),
      ...(thought.summary ? { summary: true } : {}),
      ...(thought.redacted ? { redacted: true } : {}),
    });
    if (thought.signature) this.#signature = thought.signature;
    if (thought.text !== '') {
      events.push({ type: 'reasoning-delta', choice: this.#choice, part, text: thought.text });
    }
    return true;
  }

  #readContentParts(
    content: readonly unknown[],
    logprobs: TokenLogprob[] | undefined,
    events: ChatEvent[],
  ): void {
    for (const value of content) {
      const part = recordOf<{ type: unknown; text: unknown; thinking: unknown }>(value);
      if (part.type === 'thinking') {
        for (const thought of listOf(part.thinking)) {
          const text = filledText(recordOf<{ text: unknown }>(thought).text);
          if (text !== undefined) this.#think(text, events);
        }
      } else {
        this.#text(filledText(part.text) ?? '', logprobs, events);
      }
    }
  }

  #text(text: string, logprobs: TokenLogprob[] | undefined, events: ChatEvent[]): void {
    if (text === '' && (!logprobs || this.#open?.kind !== 'text')) return;
    const part = this.#run('text', events);
    this.#lastText = part;
    const choice = this.#choice;
    events.push(
      logprobs
        ? { type: 'text-delta', choice, part, text, logprobs }
        : { type: 'text-delta', choice, part, text },
    );
  }

  #readTextSignature(message: ProviderMessage): void {
    const token = googleSignatureOf(message.extra_content);
    if (token && this.#open?.kind === 'text') {
      this.#signature = unwrapSignature(token, 'openai-chat');
    }
  }

  #readCalls(calls: readonly unknown[], events: ChatEvent[]): void {
    for (const [position, call] of calls.entries()) {
      this.#closeRunning(events);
      this.#calls.push(call, position, events);
    }
  }

  #readImages(images: unknown, events: ChatEvent[]): void {
    for (const image of listOf(images)) {
      const { image_url } = recordOf<{ image_url: unknown }>(image);
      const url = filledText(recordOf<{ url: unknown }>(image_url).url);
      const source = url === undefined ? undefined : sourceOfUrl(url);
      if (source === undefined) continue;
      this.#closeRunning(events);
      this.#calls.close(events);
      const at = { choice: this.#choice, part: this.#nextPart++ };
      events.push({ type: 'part-start', ...at, kind: 'image', source });
      events.push({ type: 'part-end', ...at });
    }
  }

  #readCitations(message: ProviderMessage, events: ChatEvent[]): void {
    const citations: (Citation | undefined)[] = [
      ...listOf(message.annotations).map(citationOfAnnotation),
      ...listOf(message.document_citations).map(citationOfDocument),
    ];
    for (const citation of citations) {
      if (citation === undefined) continue;
      this.#lastText ??= this.#run('text', events);
      events.push({ type: 'citation', choice: this.#choice, part: this.#lastText, citation });
    }
  }

  #setFinish(choice: ProviderChoice, events: ChatEvent[]): void {
    this.#closeRunning(events);
    this.#calls.close(events);
    const stopSequence = filledText(choice.stop_reason);
    const reason = finishReasonOf(choice.finish_reason, {
      hasToolCalls: this.#calls.any,
      hasRefusal: this.#hasRefusal,
      stopSequence,
    });
    this.#finish =
      reason === 'stop-sequence' && stopSequence !== undefined
        ? { reason, stopSequence }
        : { reason };
  }

  /** The part of this kind that is open, begun now where none is. */
  #run(
    kind: RunningKind,
    events: ChatEvent[],
    about?: { id?: string; summary?: boolean; redacted?: boolean },
  ): number {
    if (this.#open?.kind === kind) return this.#open.part;
    this.#closeRunning(events);
    this.#calls.close(events);
    const part = this.#nextPart++;
    this.#open = { kind, part };
    events.push({ type: 'part-start', choice: this.#choice, part, kind, ...about });
    return part;
  }

  #closeRunning(events: ChatEvent[]): void {
    if (!this.#open) return;
    events.push({
      type: 'part-end',
      choice: this.#choice,
      part: this.#open.part,
      ...(this.#signature ? { signature: this.#signature } : {}),
    });
    this.#open = undefined;
    this.#signature = undefined;
    this.#detail = undefined;
  }
}

/** In a stream, a detail without an index goes on with the thought before it. */
function goesOn(previous: ReasoningDetail, next: ReasoningDetail): boolean {
  if (previous.type !== next.type || next.type === 'reasoning.encrypted') return false;
  return next.index == null || previous.index == null || next.index === previous.index;
}
