/** A map by two names, which need not be put together into one text, and hashed, to be looked up. */
export class PairMap<Value> {
  readonly #maps = new Map<string, Map<string, Value>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(first: string, second: string): Value | undefined {
    return this.#maps.get(first)?.get(second);
  }

  set(first: string, second: string, value: Value): void {
    let ofFirst = this.#maps.get(first);
    if (ofFirst === undefined) {
      ofFirst = new Map();
      this.#maps.set(first, ofFirst);
    }
    if (!ofFirst.has(second)) this.#size++;
    ofFirst.set(second, value);
  }

  delete(first: string, second: string): void {
    const ofFirst = this.#maps.get(first);
    if (!ofFirst?.delete(second)) return;
    this.#size--;
    if (ofFirst.size === 0) this.#maps.delete(first);
  }

  clear(): void {
    this.#maps.clear();
    this.#size = 0;
  }
}
