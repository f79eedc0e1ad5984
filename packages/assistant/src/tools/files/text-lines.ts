/** The lines of a text that ends its lines by `\n`: an end without one closes the last. */
export class TextLines {
  readonly text: string;
  /** Without their ends. Of a text that ends by `\n` there is no empty line after it. */
  readonly lines: readonly string[];
  readonly #starts: number[] = [];

  constructor(text: string) {
    this.text = text;
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    this.lines = lines;
    let at = 0;
    for (const line of lines) {
      this.#starts.push(at);
      at += line.length + 1;
    }
  }

  /** Where a line begins, counted from 0; beyond the last: the end of the text. */
  startOf(line: number): number {
    return this.#starts[line] ?? this.text.length;
  }

  /** Where a line ends, before its `\n`. */
  endOf(line: number): number {
    return this.startOf(line) + (this.lines[line]?.length ?? 0);
  }

  /** The line, counted from 1 as people do, that an offset stands in. */
  numberAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(1, low);
  }
}
