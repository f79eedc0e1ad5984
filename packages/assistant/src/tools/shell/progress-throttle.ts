/** Between two messages. */
const intervalMs = 200;
/** Of the newest output, in one message. */
const maxBytes = 4_096;

/** Tells of new output, the first piece at once, more of it a few times a second, and only its end where it is much. */
export class ProgressThrottle implements Disposable {
  readonly #tell: (bytes: Uint8Array) => void;
  #pending: Uint8Array = new Uint8Array(0);
  #timer: Timer | undefined;

  constructor(tell: (bytes: Uint8Array) => void) {
    this.#tell = tell;
  }

  add(chunk: Uint8Array): void {
    const isMuch = chunk.length >= maxBytes;
    this.#pending = isMuch ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = this.#pending.subarray(-maxBytes);
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    this.#tell(this.#pending);
    this.#pending = new Uint8Array(0);
    this.#timer = setTimeout(() => this.#flush(), intervalMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
