import type { DialectName } from '../neutral/dialect-name.ts';
import type { Piece } from './held-items.ts';
import type { JsonPath } from './json-texts.ts';
import type { TextForm } from './text-rule.ts';

/** A piece of a text within a record of a stream. */
interface RecordPiece extends Piece {
  readonly path: JsonPath;
}

/** What a record of a stream tells. */
interface RecordTexts {
  readonly pieces: readonly RecordPiece[];
  /** Whether nothing that follows belongs to this text. */
  readonly ends: (channel: string) => boolean;
}

/** Reads a parsed record. Tolerant: what is not as the dialect has it tells nothing. */
export type ReadRecord = (data: unknown) => RecordTexts;

/** How the records of each dialect's streams tell their texts, in pieces. */
export const recordReaders: Readonly<Record<DialectName, ReadRecord>> = {
  'openai-chat': readChatChunk,
  'openai-responses': readResponsesEvent,
  'anthropic-messages': readMessagesEvent,
  gemini: readGeminiChunk,
  ollama: readOllamaRecord,
  'bedrock-converse': () => nothing,
};

const nothing: RecordTexts = { pieces: [], ends: () => false };

type Json = Readonly<Record<string, unknown>>;

/** Texts of one answer, of which but tool calls none goes on once another begins. */
class Texts {
  readonly pieces: RecordPiece[] = [];
  readonly #ended: string[] = [];
  /** By answer, the text that was told last. */
  readonly #last = new Map<string, string>();

  add(answer: string, kind: string, path: JsonPath, text: unknown, form: TextForm = 'plain'): void {
    if (typeof text !== 'string' || text === '') return;
    const channel = `${answer}/${kind}`;
    this.pieces.push({ channel, path, text, form });
    this.#last.set(answer, channel);
  }

  end(answer: string): void {
    this.#ended.push(`${answer}/`);
  }

  get record(): RecordTexts {
    const ended = this.#ended;
    const last = this.#last;
    if (ended.length === 0 && last.size === 0) return nothing;
    return {
      pieces: this.pieces,
      ends: (channel) => {
        if (ended.some((prefix) => channel.startsWith(prefix))) return true;
        const slash = channel.indexOf('/');
        const current = last.get(channel.slice(0, slash));
        return (
          current !== undefined && current !== channel && !channel.startsWith('tool', slash + 1)
        );
      },
    };
  }
}

/** Chats, and completions of texts. */
function readChatChunk(data: unknown): RecordTexts {
  const texts = new Texts();
  for (const [at, choice] of objects(data, 'choices')) {
    const answer = nameOf(choice.index, at);
    const path = ['choices', at] as const;
    texts.add(answer, 'text', [...path, 'text'], choice.text);
    const delta = objectOf(choice.delta);
    for (const name of ['reasoning_content', 'reasoning', 'content', 'refusal']) {
      texts.add(answer, name, [...path, 'delta', name], delta[name]);
    }
    for (const [index, detail] of objects(delta, 'reasoning_details')) {
      const inner = [...path, 'delta', 'reasoning_details', index, 'text'];
      texts.add(answer, 'reasoning_details', inner, detail.text);
    }
    const audio = objectOf(delta.audio);
    texts.add(answer, 'audio', [...path, 'delta', 'audio', 'transcript'], audio.transcript);
    const legacy = objectOf(delta.function_call);
    const legacyPath = [...path, 'delta', 'function_call', 'arguments'];
    texts.add(answer, 'tool', legacyPath, legacy.arguments, 'json');
    for (const [index, call] of objects(delta, 'tool_calls')) {
      const inner = [...path, 'delta', 'tool_calls', index];
      const kind = `tool${nameOf(call.index, index)}`;
      const given = objectOf(call.function).arguments;
      texts.add(answer, kind, [...inner, 'function', 'arguments'], given, 'json');
      texts.add(answer, `${kind}c`, [...inner, 'custom', 'input'], objectOf(call.custom).input);
    }
    if (typeof choice.finish_reason === 'string') texts.end(answer);
  }
  return texts.record;
}

function readMessagesEvent(data: unknown): RecordTexts {
  const event = objectOf(data);
  const texts = new Texts();
  const answer = nameOf(event.index, 0);
  if (event.type === 'content_block_stop') texts.end(answer);
  if (event.type === 'content_block_delta') {
    const delta = objectOf(event.delta);
    texts.add(answer, 'text', ['delta', 'text'], delta.text);
    texts.add(answer, 'thinking', ['delta', 'thinking'], delta.thinking);
    texts.add(answer, 'tool', ['delta', 'partial_json'], delta.partial_json, 'json');
  }
  return texts.record;
}

/** What comes in pieces has the type `….delta`, and `….done` at its end; sounds and pictures are none. */
function readResponsesEvent(data: unknown): RecordTexts {
  const event = objectOf(data);
  const { type } = event;
  if (typeof type !== 'string') return nothing;
  const texts = new Texts();
  const dot = type.lastIndexOf('.');
  const place = [event.output_index, event.item_id, event.content_index, event.summary_index];
  const answer = `${type.slice(0, dot)}:${place.map((each) => nameOf(each, 0)).join(':')}`;
  if (type.endsWith('.done')) texts.end(answer);
  if (type.endsWith('.delta') && type !== 'response.audio.delta') {
    const form = type.includes('arguments') ? 'json' : 'plain';
    texts.add(answer, 'tool', ['delta'], event.delta, form);
  }
  return texts.record;
}

function readGeminiChunk(data: unknown): RecordTexts {
  const texts = new Texts();
  for (const [at, candidate] of objects(data, 'candidates')) {
    const answer = nameOf(candidate.index, at);
    for (const [index, part] of objects(candidate.content, 'parts')) {
      const path = ['candidates', at, 'content', 'parts', index, 'text'];
      texts.add(answer, part.thought === true ? 'thought' : 'text', path, part.text);
    }
    if (typeof candidate.finishReason === 'string') texts.end(answer);
  }
  return texts.record;
}

function readOllamaRecord(data: unknown): RecordTexts {
  const record = objectOf(data);
  const message = objectOf(record.message);
  const texts = new Texts();
  for (const name of ['thinking', 'content'])
    texts.add('0', name, ['message', name], message[name]);
  for (const name of ['thinking', 'response']) texts.add('0', name, [name], record[name]);
  if (record.done === true) texts.end('0');
  return texts.record;
}

/** An index or an id, as part of a name. */
function nameOf(value: unknown, otherwise: number): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : `${otherwise}`;
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** The objects of a list that is a member, with their places in it. */
function objects(of: unknown, name: string): [number, Json][] {
  const list = objectOf(of)[name];
  return Array.isArray(list) ? list.map((each, index) => [index, objectOf(each)]) : [];
}
