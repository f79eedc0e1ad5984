/** What an edit may hold, in UTF-16 units. More is not taken. */
const maxEditLength = 1024 * 1024;
/** Changes that can be taken back. */
const maxUndos = 500;

interface Snapshot {
  readonly text: string;
  readonly cursor: number;
}

/** The text that is being edited, of one line or several, with its cursor and its past. */
export class EditBuffer {
  #text = '';
  #cursor = 0;
  #undos: Snapshot[] = [];
  #redos: Snapshot[] = [];
  /** What the last change was: typing on is one change. */
  #run: string | undefined;

  get text(): string {
    return this.#text;
  }

  /** An offset in UTF-16 units, between two graphemes. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The text before the cursor. */
  get before(): string {
    return this.#text.slice(0, this.#cursor);
  }

  get after(): string {
    return this.#text.slice(this.#cursor);
  }

  moveTo(offset: number): void {
    this.#cursor = Math.min(Math.max(0, offset), this.#text.length);
    this.#run = undefined;
  }

  /** Writes at the cursor. What is written in one `run` is taken back together. */
  insert(text: string, run?: string): void {
    this.replace(this.#cursor, this.#cursor, text, run);
  }

  /** Puts a text in the place of what stands between two offsets, and the cursor behind it. */
  replace(from: number, to: number, text: string, run?: string): void {
    if (this.#text.length - (to - from) + text.length > maxEditLength) return;
    if (from === to && text === '') return;
    if (run === undefined || run !== this.#run) this.#remember();
    this.#run = run;
    this.#text = this.#text.slice(0, from) + text + this.#text.slice(to);
    this.#cursor = from + text.length;
  }

  /** Takes out what stands between two offsets. */
  remove(from: number, to: number): string {
    const [begin, end] = from < to ? [from, to] : [to, from];
    const removed = this.#text.slice(begin, end);
    this.replace(begin, end, '');
    return removed;
  }

  /** A new text, the cursor at its end unless said. What was before can be had back. */
  set(text: string, cursor: number = text.length): void {
    if (text !== this.#text) this.replace(0, this.#text.length, text);
    this.moveTo(cursor);
  }

  /** A new text without a past. */
  reset(text = ''): void {
    this.#text = text;
    this.#cursor = text.length;
    this.#undos = [];
    this.#redos = [];
    this.#run = undefined;
  }

  /** False when there is nothing to take back. */
  undo(): boolean {
    return this.#travel(this.#undos, this.#redos);
  }

  redo(): boolean {
    return this.#travel(this.#redos, this.#undos);
  }

  #travel(from: Snapshot[], to: Snapshot[]): boolean {
    const snapshot = from.pop();
    if (snapshot === undefined) return false;
    to.push({ text: this.#text, cursor: this.#cursor });
    this.#text = snapshot.text;
    this.#cursor = snapshot.cursor;
    this.#run = undefined;
    return true;
  }

  #remember(): void {
    this.#undos.push({ text: this.#text, cursor: this.#cursor });
    if (this.#undos.length > maxUndos) this.#undos.shift();
    this.#redos = [];
  }
}
