import type { HttpHeaders } from './http-answer.ts';

/** The headers of an answer over its text, which is taken apart when the first of them is asked for. */
export class AnswerHeaders implements HttpHeaders {
  readonly #text: string;
  #values: Map<string, string> | undefined;

  /** `text` is whole lines, each `name:value\r\n`, already found to be well formed. */
  constructor(text: string) {
    this.#text = text;
  }

  get(name: string): string | null {
    return this.#all().get(name) ?? null;
  }

  forEach(visit: (value: string, name: string) => void): void {
    this.#all().forEach(visit);
  }

  #all(): Map<string, string> {
    this.#values ??= parse(this.#text);
    return this.#values;
  }
}

function parse(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
    at = end + 2;
  }
  return values;
}
