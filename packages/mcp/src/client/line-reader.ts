const newline = 10;

/** Cuts bytes into lines of UTF-8, without their ends; empty ones count for nothing. */
export class LineReader {
  readonly #maxBytes: number;
  #begun: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Throws a `RangeError` when a line has more bytes than it may have: nothing after it can be read. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      this.#keep(chunk.subarray(start, end < 0 ? chunk.length : end));
      if (end < 0) return lines;
      const line = this.#take();
      if (line !== '') lines.push(line);
      start = end + 1;
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) {
      throw new RangeError(`a line has more than ${this.#maxBytes} bytes`);
    }
    if (bytes.length > 0) this.#begun.push(bytes);
  }

  #take(): string {
    const line = Buffer.concat(this.#begun).toString('utf8').trim();
    this.#begun = [];
    this.#bytes = 0;
    return line;
  }
}
