import type { ModelEvent, ModelFinishReason, ModelUsage } from '../model/model-client.ts';
import type { EntryOf } from '../sessions/session-entry.ts';

/** What a model answered, or as much of it as came. */
export interface Answer {
  readonly parts: EntryOf<'answer'>['parts'];
  /** `cut`: the connection broke, and what came of calls is left out. */
  readonly finish: ModelFinishReason | 'cut' | 'canceled';
  readonly usage: ModelUsage;
  readonly model?: string;
  readonly costMicroUsd?: number;
}

type Part = Answer['parts'][number];

interface CallSoFar {
  readonly id: string;
  readonly name: string;
  json: string;
  signature?: string;
}

/** Puts an answer together from its events. */
export class AnswerBuilder {
  readonly #parts: Part[] = [];
  readonly #calls = new Map<number, CallSoFar>();
  readonly #isTaken: (id: string) => boolean;
  #reasoningIsOpen = false;
  #finish: Extract<ModelEvent, { type: 'finish' }> | undefined;

  /** `isTaken` knows the ids of earlier calls of the session: providers count some of theirs anew each time. */
  constructor(isTaken: (id: string) => boolean) {
    this.#isTaken = isTaken;
  }

  get hasText(): boolean {
    return this.#parts.some((part) => part.type === 'text' && part.text.trim() !== '');
  }

  get isFinished(): boolean {
    return this.#finish !== undefined;
  }

  add(event: ModelEvent): void {
    switch (event.type) {
      case 'text':
        this.#text(event.text);
        break;
      case 'reasoning':
        this.#reasoning(event.text);
        break;
      case 'reasoning-end':
        this.#endReasoning(event);
        break;
      case 'tool-call':
        this.#calls.set(event.index, { id: event.id, name: event.name, json: '' });
        break;
      case 'tool-arguments': {
        const call = this.#calls.get(event.index);
        if (call !== undefined) call.json += event.json;
        break;
      }
      case 'tool-signature': {
        const call = this.#calls.get(event.index);
        if (call !== undefined) call.signature = event.signature;
        break;
      }
      case 'finish':
        this.#finish = event;
    }
  }

  /** `broken` says why there is no finish. */
  build(broken: 'cut' | 'canceled'): Answer {
    const { usage = {}, model, costMicroUsd, reason = broken } = this.#finish ?? {};
    const calls = this.#finish === undefined ? [] : this.#callParts();
    return {
      parts: [...this.#parts, ...calls],
      finish: reason,
      usage,
      ...(model !== undefined && { model }),
      ...(costMicroUsd !== undefined && { costMicroUsd }),
    };
  }

  #text(text: string): void {
    this.#reasoningIsOpen = false;
    const last = this.#parts.at(-1);
    if (last?.type === 'text') this.#parts.splice(-1, 1, { type: 'text', text: last.text + text });
    else this.#parts.push({ type: 'text', text });
  }

  #reasoning(text: string): void {
    const last = this.#parts.at(-1);
    if (this.#reasoningIsOpen && last?.type === 'reasoning') {
      this.#parts.splice(-1, 1, { type: 'reasoning', text: last.text + text });
      return;
    }
    this.#parts.push({ type: 'reasoning', text });
    this.#reasoningIsOpen = true;
  }

  #endReasoning(event: Extract<ModelEvent, { type: 'reasoning-end' }>): void {
    const { signature, redacted } = event;
    const last = this.#reasoningIsOpen ? this.#parts.pop() : undefined;
    this.#reasoningIsOpen = false;
    this.#parts.push({
      type: 'reasoning',
      text: last?.type === 'reasoning' ? last.text : '',
      ...(signature !== undefined && { signature }),
      ...(redacted !== undefined && { redacted }),
    });
  }

  #callParts(): Part[] {
    const used = new Set<string>();
    return [...this.#calls.entries()]
      .sort(([a], [b]) => a - b)
      .map(([, { id, name, json, signature }]) => {
        const isFree = id !== '' && !used.has(id) && !this.#isTaken(id);
        const own = isFree ? id : `call_${crypto.randomUUID().slice(0, 13)}`;
        used.add(own);
        return {
          type: 'tool-call',
          id: own,
          name: speakableName(name),
          arguments: json,
          ...(signature !== undefined && { signature }),
        };
      });
  }
}

/** A name that every provider takes back; what a model made up may be anything. */
function speakableName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
}
