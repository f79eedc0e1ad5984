/** The last characters of a text that goes on: what a server wrote to standard error. */
export class LogTail {
  readonly #maxChars: number;
  #text = '';

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  push(text: string): void {
    const all = this.#text + text;
    this.#text = all.length > this.#maxChars ? all.slice(-this.#maxChars) : all;
  }

  get text(): string {
    return this.#text;
  }

  /** The last line that is not empty, at most so long. */
  lastLine(maxChars: number): string {
    return (this.#text.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, maxChars);
  }
}
