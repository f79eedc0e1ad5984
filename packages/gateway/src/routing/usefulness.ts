import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';

/** A fence that opens a block of code, with the end of its line. */
const fenceLine = /^[ \t]*```[^\n]*\n/m;
/** What is looked at for it; a useful answer is seen long before. */
const maxKeptChars = 4_096;

/**
 * Hears the beginning of an answer and says when it is of use: enough text that is not white space,
 * a line that opens a block of code, a tool call, or a good end after any of these or any text. Tokens
 * are estimated: the words, or a quarter of the characters where that is more.
 */
export class Usefulness {
  reached = false;
  /** It has come to a good end, and says nothing. */
  endedEmpty = false;
  readonly #minTokens: number;
  #text = '';

  constructor(minTokens: number) {
    this.#minTokens = minTokens;
  }

  hear(event: ChatEvent): void {
    if (this.reached) return;
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        this.#hearText(event.text);
        break;
      case 'part-start':
        this.reached = event.kind === 'tool-call' || event.kind === 'image';
        break;
      case 'finish':
        this.reached = /\S/.test(this.#text);
        break;
      default:
    }
  }

  #hearText(text: string): void {
    if (this.#text.length < maxKeptChars) this.#text += text;
    this.reached = estimatedTokens(this.#text) >= this.#minTokens || fenceLine.test(this.#text);
  }
}

/** The same of an answer that is there as a whole. */
export function isOfUse({ choices }: ChatResponse): boolean {
  return choices.some(({ parts }) =>
    parts.some((part) => {
      switch (part.type) {
        case 'text':
        case 'refusal':
          return /\S/.test(part.text);
        case 'reasoning':
          return false;
        default:
          return true;
      }
    }),
  );
}

function estimatedTokens(text: string): number {
  const words = text.match(/\S+/g) ?? [];
  let chars = 0;
  for (const word of words) chars += word.length;
  return Math.max(words.length, Math.ceil(chars / 4));
}
