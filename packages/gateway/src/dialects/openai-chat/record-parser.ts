import type { JsonObject } from '../dialect.ts';

/** Where the text of a chunk stands: what is before and after it is mostly the same in every chunk. */
const textMark = '"content":"';
/** Providers that put something new into every chunk are not worth more attempts. */
const maxAttempts = 4;
const probe = '?text?';

/**
 * Parses the records of one stream as `JSON.parse` does, but where a record differs from an earlier
 * one in the text of its only choice alone, which is most of them, only that text is read. The
 * value is good until the next call.
 */
export class RecordParser {
  #before = '';
  #after = '';
  #chunk: unknown;
  /** The `delta` in `#chunk`. */
  #delta: JsonObject | undefined;
  #attempts = 0;

  /** Throws SyntaxError for what is not JSON. */
  parse(data: string): unknown {
    if (this.#delta) {
      const text = this.#textIn(data);
      if (text !== undefined) {
        this.#delta.content = text;
        return this.#chunk;
      }
    }
    const chunk: unknown = JSON.parse(data);
    if (this.#attempts < maxAttempts) this.#learn(data);
    return chunk;
  }

  #textIn(data: string): string | undefined {
    const end = data.length - this.#after.length;
    if (end < this.#before.length) return undefined;
    if (!data.startsWith(this.#before) || !data.endsWith(this.#after)) return undefined;
    const text = data.slice(this.#before.length, end);
    return isPlain(text) ? text : undefined;
  }

  #learn(data: string): void {
    const mark = data.indexOf(textMark);
    if (mark < 0) return;
    this.#attempts++;
    const start = mark + textMark.length;
    const before = data.slice(0, start);
    const after = data.slice(data.indexOf('"', start));
    const chunk = parsed(before + probe + after);
    const delta = deltaOfOnlyChoice(chunk);
    // That the text found is the delta's is shown by another text in its place.
    if (delta?.content !== probe) return;
    this.#before = before;
    this.#after = after;
    this.#chunk = chunk;
    this.#delta = delta;
  }
}

/** Whether JSON writes this text as it is. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34 || char === 92 || char < 32) return false;
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function deltaOfOnlyChoice(chunk: unknown): JsonObject | undefined {
  const choices = (chunk as { choices?: unknown } | null | undefined)?.choices;
  if (!Array.isArray(choices) || choices.length !== 1) return undefined;
  const delta: unknown = choices[0]?.delta;
  return typeof delta === 'object' && delta !== null ? (delta as JsonObject) : undefined;
}
