import type { ChatEvent, FinishReason } from '../../neutral/chat-event.ts';
import type { Citation, OutputPart } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { wrapSignature } from '../../neutral/signature.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EncodeResponseContext, EventEncoder, JsonObject, Upgrade } from '../dialect.ts';
import { freeFormProperty, toolInput } from '../free-form-tool.ts';
import { encodeCitation } from './citations.ts';
import { encodeStreamError } from './errors.ts';
import { imageText, messageId, openingMessage, stopFields } from './message-shape.ts';
import type { AnswerBlock, MessageBody, StreamEvent } from './response-types.ts';
import { writeToolSignature } from './tool-signature.ts';
import { toolUseId } from './tool-use.ts';
import { encodeDeltaUsage, encodeUsage } from './usage.ts';

const dialect = 'anthropic-messages';

type PartStart = Extract<ChatEvent, { type: 'part-start' }>;
type PartEnd = Extract<ChatEvent, { type: 'part-end' }>;
type PartEvent = Extract<ChatEvent, { choice: number; part: number }>;

/** What was told of a part, and what may not be told yet. */
interface PartState {
  start: PartStart;
  /** Number of the block; -1 before it has begun: empty text and thinking never do. */
  index: number;
  /** Events that wait until the block before is done. */
  waiting: PartEvent[];
  /** Text of a free-form call, whose input is told as one object at its end. */
  text: string;
  isHead: boolean;
  ended: boolean;
}

/**
 * Writes the stream that the official client's accumulator takes: `message_start`, content blocks
 * one strictly after the other, `message_delta`, `message_stop`. A tool call that begins while
 * another is open waits for it. Input tokens are not known at the start: zeros there, the whole
 * usage in `message_delta`. Only the first choice is told.
 * Source: https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function createEventEncoder(context: EncodeResponseContext): EventEncoder {
  return new MessageStreamEncoder(context);
}

/** The whole-answer twin of `createEventEncoder`. */
export function encodeResponse(
  response: ChatResponse,
  context: EncodeResponseContext,
): MessageBody {
  const choice = response.choices[0];
  const content = (choice?.parts ?? []).flatMap(encodePart);
  const reason: FinishReason = choice?.parts.some((part) => part.type === 'refusal')
    ? 'refusal'
    : (choice?.finishReason ?? 'stop');
  const calledTools = choice?.parts.some((part) => part.type === 'tool-call') ?? false;
  return {
    ...openingMessage(messageId(response.id, context), context.model),
    content,
    ...stopFields(reason, calledTools, choice?.stopSequence),
    usage: encodeUsage(response.usage),
  };
}

function encodePart(part: OutputPart): AnswerBlock[] {
  switch (part.type) {
    case 'text':
    case 'refusal': {
      const cited = 'citations' in part ? part.citations?.map(encodeCitation) : undefined;
      if (part.text === '' && !cited) return [];
      return [{ type: 'text', text: part.text, citations: cited ?? null }];
    }
    case 'image':
      return [{ type: 'text', text: imageText(part.source), citations: null }];
    case 'reasoning': {
      const value = part.signature ? wrapSignature(part.signature, dialect) : '';
      if (part.text === '' && value === '') return [];
      if (part.redacted) return [{ type: 'redacted_thinking', data: value }];
      return [{ type: 'thinking', thinking: part.text, signature: value }];
    }
    case 'tool-call': {
      const { input } = toolInput(part);
      const call = toolUse(part.id, part.name, input);
      return part.signature
        ? [call, { type: 'redacted_thinking', data: writeToolSignature(part.signature) }]
        : [call];
    }
  }
}

function toolUse(id: string, name: string, input: JsonObject): AnswerBlock {
  return { type: 'tool_use', id: toolUseId(id), name, input, caller: { type: 'direct' } };
}

class MessageStreamEncoder implements EventEncoder {
  readonly #context: EncodeResponseContext;
  readonly #parts = new Map<number, PartState>();
  /** Parts in the order of their start; the first is the open one. */
  #queue: PartState[] = [];
  /** A text block whose end is held back: its citations may come after it. */
  #lingering: PartState | undefined;
  #blocks = 0;
  #reason: FinishReason = 'stop';
  #stopSequence: string | undefined;
  #usage: Usage | undefined;
  #calledTools = false;
  #refused = false;
  #isUpgraded = false;
  /** To be told with the next block, which the official clients hand on where they drop the event. */
  #mark: Upgrade | undefined;

  constructor(context: EncodeResponseContext) {
    this.#context = context;
  }

  push(event: ChatEvent): string {
    switch (event.type) {
      case 'response-start':
        if (this.#isUpgraded) return '';
        return frame({
          type: 'message_start',
          message: {
            ...openingMessage(messageId(event.id, this.#context), this.#context.model),
            content: [],
            stop_reason: null,
            stop_sequence: null,
            stop_details: null,
            usage: encodeUsage(undefined),
          },
        });
      case 'part-start':
        return event.choice === 0 ? this.#start(event) : '';
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
      case 'arguments-delta':
      case 'citation':
      case 'part-end':
        return event.choice === 0 ? this.#part(event) : '';
      case 'finish':
        if (event.choice !== 0) return '';
        this.#reason = event.reason;
        this.#stopSequence = event.stopSequence;
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'ping':
        return 'event: ping\ndata: {"type":"ping"}\n\n';
      case 'error':
        return frame(encodeStreamError(event.error, this.#context.requestId));
      case 'response-end':
        return this.#end();
    }
  }

  /** The blocks so far end; that they are void the event says, and the first block after them. */
  upgrade(to: Upgrade): string {
    this.#isUpgraded = true;
    this.#mark = to;
    const open = this.#queue[0];
    let text = this.#settle();
    if (open && open.index >= 0) text += blockStop(open.index);
    this.#parts.clear();
    this.#queue = [];
    this.#calledTools = false;
    this.#refused = false;
    const record = JSON.stringify({ type: 'upgrade', ...to, block: this.#blocks });
    return `${text}event: upgrade\ndata: ${record}\n\n`;
  }

  #start(start: PartStart): string {
    const part: PartState = {
      start,
      index: -1,
      waiting: [],
      text: '',
      isHead: false,
      ended: false,
    };
    this.#parts.set(start.part, part);
    this.#queue.push(part);
    if (start.kind === 'tool-call') this.#calledTools = true;
    if (start.kind === 'refusal') this.#refused = true;
    return this.#advance();
  }

  #part(event: PartEvent): string {
    const part = this.#parts.get(event.part);
    if (!part) return '';
    if (part.isHead) {
      const text = this.#tell(part, event);
      return part.ended ? text + this.#advance() : text;
    }
    if (part === this.#lingering) return event.type === 'citation' ? this.#tell(part, event) : '';
    if (!part.ended) part.waiting.push(event);
    return '';
  }

  /** Begins the parts in line, with all that was said of them while they waited. */
  #advance(): string {
    let text = '';
    for (let part = this.#queue[0]; part && !part.isHead; part = this.#queue[0]) {
      part.isHead = true;
      if (part.start.kind === 'tool-call') text += this.#open(part);
      for (const event of part.waiting) text += this.#tell(part, event);
      part.waiting = [];
    }
    return text;
  }

  /** What an event of the open block says. */
  #tell(part: PartState, event: PartEvent): string {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        return this.#say(part, 'text_delta', 'text', event.text);
      case 'reasoning-delta':
        if (part.start.redacted) return '';
        return this.#say(part, 'thinking_delta', 'thinking', event.text);
      case 'arguments-delta':
        if (!part.start.custom) {
          return this.#say(part, 'input_json_delta', 'partial_json', event.json);
        }
        part.text += event.json;
        return '';
      case 'citation':
        if (part.start.kind !== 'text') return '';
        return this.#open(part) + citationDelta(part.index, event.citation);
      case 'part-end':
        return this.#close(part, event);
      case 'part-start':
        return '';
    }
  }

  #say(part: PartState, type: string, name: string, text: string): string {
    if (text === '') return '';
    return this.#open(part) + delta(part.index, type, name, text);
  }

  /** Begins the block, once, after the one that lingers. */
  #open(part: PartState): string {
    if (part.index >= 0) return '';
    const settled = this.#settle();
    part.index = this.#blocks++;
    const { index } = part;
    return settled + this.#blockStart(index, openingBlock(part.start));
  }

  #close(part: PartState, { signature }: PartEnd): string {
    part.ended = true;
    part.isHead = false;
    this.#queue.shift();
    const { start } = part;
    switch (start.kind) {
      case 'text':
        if (part.index >= 0) this.#lingering = part;
        return '';
      case 'refusal':
        return part.index < 0 ? '' : blockStop(part.index);
      case 'image':
        return (
          this.#say(part, 'text_delta', 'text', imageText(start.source)) + blockStop(part.index)
        );
      case 'reasoning': {
        const value = signature ? wrapSignature(signature, dialect) : '';
        if (start.redacted) return value === '' ? '' : this.#redacted(value);
        const signed = this.#say(part, 'signature_delta', 'signature', value);
        return part.index < 0 ? '' : signed + blockStop(part.index);
      }
      case 'tool-call': {
        const whole = start.custom ? JSON.stringify({ [freeFormProperty]: part.text }) : '';
        const text = this.#say(part, 'input_json_delta', 'partial_json', whole);
        const signed = signature ? this.#redacted(writeToolSignature(signature)) : '';
        return text + blockStop(part.index) + signed;
      }
    }
  }

  /** Ends the text block that lingers. */
  #settle(): string {
    const part = this.#lingering;
    if (!part) return '';
    this.#lingering = undefined;
    return blockStop(part.index);
  }

  #redacted(data: string): string {
    const settled = this.#settle();
    const index = this.#blocks++;
    const block: AnswerBlock = { type: 'redacted_thinking', data };
    return settled + this.#blockStart(index, block) + blockStop(index);
  }

  #blockStart(index: number, block: AnswerBlock): string {
    const mark = this.#mark && { omen: { upgrade: this.#mark } };
    this.#mark = undefined;
    return frame({ type: 'content_block_start', index, content_block: { ...block, ...mark } });
  }

  #end(): string {
    let text = '';
    // A well-formed stream has ended its parts; one that has not still closes its blocks.
    for (let part = this.#queue[0]; part; part = this.#queue[0]) {
      text += this.#tell(part, { type: 'part-end', choice: 0, part: part.start.part });
      text += this.#advance();
    }
    text += this.#settle();
    const reason = this.#refused ? 'refusal' : this.#reason;
    text += frame({
      type: 'message_delta',
      delta: { ...stopFields(reason, this.#calledTools, this.#stopSequence), container: null },
      usage: encodeDeltaUsage(this.#usage),
    });
    return `${text}event: message_stop\ndata: {"type":"message_stop"}\n\n`;
  }
}

function openingBlock(start: PartStart): AnswerBlock {
  switch (start.kind) {
    case 'text':
    case 'refusal':
    case 'image':
      return { type: 'text', text: '', citations: null };
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool-call':
      return toolUse(start.callId ?? '', start.name ?? '', {});
  }
}

function frame(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function delta(index: number, type: string, name: string, text: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${name}":${JSON.stringify(text)}}}\n\n`;
}

function citationDelta(index: number, citation: Citation): string {
  const delta = { type: 'citations_delta', citation: encodeCitation(citation) } as const;
  return frame({ type: 'content_block_delta', index, delta });
}

function blockStop(index: number): string {
  return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
}
