import type { ChatEvent, FinishReason } from '../neutral/chat-event.ts';
import type { AssistantMessage, ChatRequest, UserMessage } from '../neutral/chat-request.ts';
import type { ChatChoice } from '../neutral/chat-response.ts';

/** Of one text, and of all of a span's prompt or answer, in characters; the rest is left out. */
export const maxContentTextChars = 8_192;
export const maxContentChars = 65_536;

type Part = AssistantMessage['parts'][number] | UserMessage['parts'][number];

/**
 * Prompts and answers as the JSON texts that OpenTelemetry's conventions have for attributes:
 * https://github.com/open-telemetry/semantic-conventions/blob/v1.41.0/docs/gen-ai/gen-ai-input-messages.json
 * Of a long conversation the newest messages are told.
 */
export function inputMessages({ messages }: ChatRequest): string {
  const told: string[] = [];
  let length = 0;
  for (const { parts, role } of messages.toReversed()) {
    const text = JSON.stringify({ role, parts: parts.map(partOf) });
    length += text.length;
    if (length > maxContentChars) break;
    told.push(text);
  }
  return `[${told.toReversed().join(',')}]`;
}

/** Undefined where there are none. */
export function systemInstructions({ system }: ChatRequest): string | undefined {
  if (system.length === 0) return undefined;
  const parts = system.map(partOf);
  const fitting = parts.slice(0, Math.floor(maxContentChars / maxContentTextChars));
  return JSON.stringify(fitting);
}

/** What an answer's choices say, as far as it is told. */
export type ToldChoice = Pick<ChatChoice, 'finishReason' | 'parts'>;

export function outputMessages(choices: readonly ToldChoice[]): string {
  const told: string[] = [];
  let length = 0;
  for (const { finishReason, parts } of choices) {
    const text = JSON.stringify({
      role: 'assistant',
      parts: parts.map(partOf),
      finish_reason: finishReason,
    });
    length += text.length;
    if (length > maxContentChars) break;
    told.push(text);
  }
  return `[${told.join(',')}]`;
}

function partOf(part: Part): object {
  switch (part.type) {
    case 'text':
      return { type: 'text', content: cut(part.text) };
    case 'reasoning':
      return { type: 'reasoning', content: cut(part.text) };
    case 'refusal':
      return { type: 'text', content: cut(part.text) };
    case 'tool-call':
      return { type: 'tool_call', id: part.id, name: part.name, arguments: cut(part.arguments) };
    case 'tool-result': {
      const texts = part.content.flatMap((each) => (each.type === 'text' ? [each.text] : []));
      return { type: 'tool_call_response', id: part.callId, response: cut(texts.join('')) };
    }
    default:
      // Bytes of pictures and sounds are too much for a span.
      return { type: part.type };
  }
}

function cut(text: string): string {
  return text.length <= maxContentTextChars ? text : `${text.slice(0, maxContentTextChars)}…`;
}

/** Hears a stream and keeps its texts, up to the limit. */
export class AnswerContent {
  readonly #parts = new Map<string, { choice: number; part: ToldChoice['parts'][number] }>();
  readonly #reasons = new Map<number, FinishReason>();
  #chars = 0;

  get isEmpty(): boolean {
    return this.#parts.size === 0;
  }

  hear(event: ChatEvent): void {
    switch (event.type) {
      case 'part-start':
        this.#begin(event);
        return;
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        this.#add(event, event.text);
        return;
      case 'arguments-delta':
        this.#add(event, event.json);
        return;
      case 'finish':
        this.#reasons.set(event.choice, event.reason);
        return;
      default:
    }
  }

  choices(): ToldChoice[] {
    const choices = new Map<number, ToldChoice>();
    for (const { choice, part } of this.#parts.values()) {
      const finishReason = this.#reasons.get(choice) ?? 'error';
      const known = choices.get(choice) ?? { finishReason, parts: [] };
      known.parts.push(part);
      choices.set(choice, known);
    }
    return [...choices.values()];
  }

  #begin({ callId, choice, kind, name, part }: ChatEvent & { type: 'part-start' }): void {
    if (kind === 'image') return;
    const told =
      kind === 'tool-call'
        ? ({ type: kind, id: callId ?? '', name: name ?? '', arguments: '' } as const)
        : ({ type: kind, text: '' } as const);
    this.#parts.set(`${choice}.${part}`, { choice, part: { ...told } });
  }

  #add({ choice, part }: { choice: number; part: number }, text: string): void {
    const told = this.#parts.get(`${choice}.${part}`)?.part;
    if (told === undefined || this.#chars > maxContentChars) return;
    this.#chars += text.length;
    if (told.type === 'tool-call') told.arguments += text;
    else if (told.type !== 'image') told.text += text;
  }
}
