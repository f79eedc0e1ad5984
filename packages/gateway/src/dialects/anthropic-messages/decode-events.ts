import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { collectResponse } from '../../neutral/collect-response.ts';
import { unwrapSignature } from '../../neutral/signature.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EventDecoder, Frame, JsonObject } from '../dialect.ts';
import { decodeCitation } from './citations.ts';
import { errorOfAnswer, errorOfBody } from './errors.ts';
import { decodeStopReason } from './stop-reason.ts';
import { isObject, parsedObject } from './tool-use.ts';
import { addUsage } from './usage.ts';

const dialect = 'anthropic-messages';

/** A content block that has begun and not ended. */
interface OpenBlock {
  part: number;
  kind: 'text' | 'reasoning' | 'tool-call';
  signature: string;
  /** Of a tool call: whether any of its arguments came, and what the start already held. */
  hasArguments: boolean;
  input: unknown;
}

/**
 * Reads the stream of `POST /v1/messages`. Blocks with no neutral part (hosted tools and their
 * results, compaction) are passed over; who can ask for them speaks this dialect and gets the
 * bytes as they are.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createEventDecoder(): EventDecoder {
  return new MessageStreamDecoder();
}

/** A whole message. Throws `data_loss` when the body is not one. */
export function decodeResponse(body: unknown): ChatResponse {
  const error = errorOfAnswer(body);
  if (error) throw error;
  const message = body as Record<string, unknown>;
  const decoder = new MessageStreamDecoder();
  const events = decoder.start(message);
  events.push(...decoder.finish(message, message.usage), ...decoder.stop());
  return collectResponse(events);
}

class MessageStreamDecoder implements EventDecoder {
  readonly #blocks = new Map<unknown, OpenBlock>();
  readonly #usage: Usage = { input: 0, output: 0 };
  #hasUsage = false;
  #parts = 0;
  #calledTools = false;
  #state: 'waiting' | 'open' | 'finished' | 'done' = 'waiting';

  push(frame: Frame): ChatEvent[] {
    if (this.#state === 'done') return [];
    const event = parsedObject(frame.data);
    switch (event?.type ?? frame.event) {
      case 'content_block_delta':
        return isObject(event?.delta) ? this.#delta(event.index, event.delta) : [];
      case 'content_block_start':
        return isObject(event?.content_block)
          ? this.#startBlock(event.index, event.content_block)
          : [];
      case 'content_block_stop':
        return this.#stopBlock(event?.index);
      case 'message_start':
        return isObject(event?.message) ? this.start(event.message) : [];
      case 'message_delta':
        return isObject(event?.delta) ? this.finish(event.delta, event.usage) : [];
      case 'message_stop':
        return this.stop();
      case 'ping':
        return [{ type: 'ping' }];
      case 'error':
        return this.#fail(frame, event);
      default:
        return [];
    }
  }

  end(): ChatEvent[] {
    if (this.#state === 'done') return [];
    // With its stop reason told, only the closing event is missing.
    if (this.#state === 'finished') return this.stop();
    this.#state = 'done';
    return [
      {
        type: 'error',
        error: apiError('data_loss', 'the provider ended its answer early', { retryable: true }),
      },
    ];
  }

  /** `message_start`, or a whole message without its end. */
  start(message: JsonObject): ChatEvent[] {
    if (this.#state !== 'waiting') return [];
    this.#state = 'open';
    const events: ChatEvent[] = [
      {
        type: 'response-start',
        id: typeof message.id === 'string' && message.id ? message.id : madeUpId(),
        model: typeof message.model === 'string' ? message.model : '',
        createdAtMs: Date.now(),
      },
    ];
    if (isObject(message.usage)) {
      this.#addUsage(message.usage);
      events.push({ type: 'usage', usage: { ...this.#usage } });
    }
    for (const block of Array.isArray(message.content) ? message.content : []) {
      if (!isObject(block)) continue;
      events.push(...this.#startBlock(block, block), ...this.#stopBlock(block));
    }
    return events;
  }

  /** `message_delta`, or the end of a whole message: why it stopped. */
  finish(delta: JsonObject, usage: unknown): ChatEvent[] {
    if (this.#state === 'waiting') return [];
    if (isObject(usage)) this.#addUsage(usage);
    const reason = delta.stop_reason;
    if (typeof reason !== 'string' || this.#state !== 'open') return [];
    const events = this.#closeBefore(false);
    const explanation = isObject(delta.stop_details) ? delta.stop_details.explanation : undefined;
    if (typeof explanation === 'string' && explanation !== '') {
      const at = { choice: 0, part: this.#parts++ };
      events.push(
        { type: 'part-start', ...at, kind: 'refusal' },
        { type: 'refusal-delta', ...at, text: explanation },
        { type: 'part-end', ...at },
      );
    }
    events.push({
      type: 'finish',
      choice: 0,
      reason: decodeStopReason(reason),
      ...(typeof delta.stop_sequence === 'string' ? { stopSequence: delta.stop_sequence } : {}),
    });
    this.#state = 'finished';
    return events;
  }

  /** `message_stop`. */
  stop(): ChatEvent[] {
    if (this.#state === 'waiting') return [];
    const events: ChatEvent[] = [];
    if (this.#state === 'open') {
      events.push(...this.#closeBefore(false), {
        type: 'finish',
        choice: 0,
        reason: this.#calledTools ? 'tool-calls' : 'stop',
      });
    }
    this.#state = 'done';
    if (this.#hasUsage) events.push({ type: 'usage', usage: { ...this.#usage } });
    events.push({ type: 'response-end' });
    return events;
  }

  #startBlock(index: unknown, block: JsonObject): ChatEvent[] {
    if (this.#state !== 'open') return [];
    const events = this.#closeBefore(block.type === 'tool_use');
    switch (block.type) {
      case 'text':
        this.#open(events, index, 'text', block);
        pushText(events, this.#parts - 1, 'text', block.text);
        for (const citation of Array.isArray(block.citations) ? block.citations : []) {
          pushCitation(events, this.#parts - 1, citation);
        }
        break;
      case 'thinking':
        this.#open(events, index, 'reasoning', block);
        pushText(events, this.#parts - 1, 'reasoning', block.thinking);
        break;
      case 'redacted_thinking': {
        const at = { choice: 0, part: this.#parts++ };
        const signature = unwrapSignature(String(block.data ?? ''), dialect);
        events.push(
          { type: 'part-start', ...at, kind: 'reasoning', redacted: true },
          { type: 'part-end', ...at, signature },
        );
        break;
      }
      case 'tool_use':
        this.#calledTools = true;
        this.#open(events, index, 'tool-call', block);
        break;
      default:
        break;
    }
    return events;
  }

  #open(events: ChatEvent[], index: unknown, kind: OpenBlock['kind'], block: JsonObject): void {
    // A block whose index comes again was never stopped.
    events.push(...this.#stopBlock(index));
    const part = this.#parts++;
    const signature = typeof block.signature === 'string' ? block.signature : '';
    this.#blocks.set(index, { part, kind, signature, hasArguments: false, input: block.input });
    if (kind !== 'tool-call') {
      events.push({ type: 'part-start', choice: 0, part, kind });
      return;
    }
    events.push({
      type: 'part-start',
      choice: 0,
      part,
      kind,
      callId: typeof block.id === 'string' && block.id ? block.id : `toolu_${crypto.randomUUID()}`,
      name: typeof block.name === 'string' ? block.name : '',
    });
  }

  #delta(index: unknown, delta: JsonObject): ChatEvent[] {
    const block = this.#blocks.get(index);
    if (!block) return [];
    const events: ChatEvent[] = [];
    switch (delta.type) {
      case 'text_delta':
        if (block.kind === 'text') pushText(events, block.part, 'text', delta.text);
        break;
      case 'thinking_delta':
        if (block.kind === 'reasoning') pushText(events, block.part, 'reasoning', delta.thinking);
        break;
      case 'input_json_delta':
        if (block.kind !== 'tool-call' || typeof delta.partial_json !== 'string') break;
        if (delta.partial_json === '') break;
        block.hasArguments = true;
        events.push({
          type: 'arguments-delta',
          choice: 0,
          part: block.part,
          json: delta.partial_json,
        });
        break;
      case 'signature_delta':
        if (typeof delta.signature === 'string') block.signature = delta.signature;
        break;
      case 'citations_delta':
        if (block.kind === 'text') pushCitation(events, block.part, delta.citation);
        break;
      default:
        break;
    }
    return events;
  }

  #stopBlock(index: unknown): ChatEvent[] {
    const block = this.#blocks.get(index);
    if (!block) return [];
    this.#blocks.delete(index);
    const at = { choice: 0, part: block.part };
    const events: ChatEvent[] = [];
    if (block.kind === 'tool-call' && !block.hasArguments) {
      const json = JSON.stringify(isObject(block.input) ? block.input : {});
      events.push({ type: 'arguments-delta', ...at, json });
    }
    const isSigned = block.kind === 'reasoning' && block.signature !== '';
    events.push({
      type: 'part-end',
      ...at,
      ...(isSigned ? { signature: unwrapSignature(block.signature, dialect) } : {}),
    });
    return events;
  }

  /** Ends blocks whose stop did not come; tool calls may overlap, nothing else does. */
  #closeBefore(toolCall: boolean): ChatEvent[] {
    const events: ChatEvent[] = [];
    for (const [index, block] of [...this.#blocks]) {
      if (!toolCall || block.kind !== 'tool-call') events.push(...this.#stopBlock(index));
    }
    return events;
  }

  #addUsage(raw: JsonObject): void {
    this.#hasUsage = true;
    addUsage(this.#usage, raw);
  }

  #fail(frame: Frame, event: JsonObject | undefined): ChatEvent[] {
    this.#state = 'done';
    const error = errorOfBody(event ?? frame.data);
    return [
      {
        type: 'error',
        error: error ?? apiError('unknown', 'the provider reported an error it did not name'),
      },
    ];
  }
}

function pushText(
  events: ChatEvent[],
  part: number,
  kind: 'text' | 'reasoning',
  text: unknown,
): void {
  if (typeof text === 'string' && text !== '') {
    events.push({ type: `${kind}-delta`, choice: 0, part, text });
  }
}

function pushCitation(events: ChatEvent[], part: number, citation: unknown): void {
  if (!isObject(citation)) return;
  events.push({ type: 'citation', choice: 0, part, citation: decodeCitation(citation) });
}

function madeUpId(): string {
  return `msg_${crypto.randomUUID().replaceAll('-', '')}`;
}
