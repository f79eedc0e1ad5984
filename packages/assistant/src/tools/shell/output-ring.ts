/** The last bytes of what a job wrote, for a reader who comes now and then. */
export class OutputRing {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Uint8Array): void {
    const kept = chunk.subarray(-this.#maxBytes);
    this.#dropped += chunk.length - kept.length;
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    while (this.#bytes > this.#maxBytes) {
      const first = this.#chunks.shift();
      if (first === undefined) break;
      const over = this.#bytes - this.#maxBytes;
      const rest = first.subarray(Math.min(over, first.length));
      if (rest.length > 0) this.#chunks.unshift(rest);
      this.#bytes -= first.length - rest.length;
      this.#dropped += first.length - rest.length;
    }
  }

  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#dropped === 0;
  }

  /** What came since the last time, and how many bytes before it are lost. */
  take(): { readonly bytes: Uint8Array; readonly dropped: number } {
    const taken = { bytes: Buffer.concat(this.#chunks), dropped: this.#dropped };
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#dropped = 0;
    return taken;
  }
}
