/** Texts that can be brought back. */
const maxKills = 60;

/** What was cut, the last cut last: emacs brings any of them back, vi the last. */
export class KillRing {
  #kills: string[] = [];
  #next = 0;

  /** The last one. */
  get last(): string {
    return this.#kills.at(-1) ?? '';
  }

  add(text: string): void {
    if (text === '') return;
    this.#kills.push(text);
    if (this.#kills.length > maxKills) this.#kills.shift();
    this.#next = this.#kills.length - 1;
  }

  /** What is cut right after another cut belongs to it, behind or before it. */
  extend(text: string, where: 'behind' | 'before'): void {
    const last = this.#kills.pop() ?? '';
    this.add(where === 'behind' ? last + text : text + last);
  }

  /** The one that `rotate` stands at. */
  get current(): string {
    return this.#kills[this.#next] ?? '';
  }

  /** Goes on to the one before, around the ring. */
  rotate(): string {
    this.#next = (this.#next + this.#kills.length - 1) % Math.max(1, this.#kills.length);
    return this.current;
  }

  /** The last one counts again. */
  rewind(): void {
    this.#next = Math.max(0, this.#kills.length - 1);
  }
}
