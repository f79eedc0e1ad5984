/**
 * The streams that this side has reset lately: what is still on its way for them is no fault of the
 * peer (RFC 9113, 5.1, "closed").
 */
export class ResetStreams {
  readonly #streams = new Set<number>();

  add(stream: number): void {
    this.#streams.add(stream);
    if (this.#streams.size <= maxRemembered) return;
    for (const oldest of this.#streams) {
      this.#streams.delete(oldest);
      return;
    }
  }

  has(stream: number): boolean {
    return this.#streams.has(stream);
  }
}

/** More than this are forgotten, oldest first. */
const maxRemembered = 512;
