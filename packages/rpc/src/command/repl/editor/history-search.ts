import type { History } from './history.ts';
import type { Key } from './key-parser.ts';

/** What became of a search: it goes on, its find is taken, taken and the key meant more, or given up. */
export type SearchOutcome = 'searching' | 'taken' | 'passed' | 'aborted';

/** A search through the history while its text is typed, the newest first (Ctrl-R). */
export class HistorySearch {
  readonly #history: History;
  readonly #original: string;
  #query = '';
  #index: number;
  #hasFailed = false;

  constructor(history: History, original: string) {
    this.#history = history;
    this.#original = original;
    this.#index = history.inputs.length;
  }

  /** What was found, or what was there before. */
  get text(): string {
    return this.#history.inputs[this.#index] ?? this.#original;
  }

  /** Where in it. */
  get cursor(): number {
    const { text } = this;
    const at = text.toLowerCase().indexOf(this.#query.toLowerCase());
    return this.#query === '' || at === -1 ? text.length : at;
  }

  get index(): number {
    return this.#index;
  }

  /** For the line below. */
  get label(): string {
    return `${this.#hasFailed ? 'not found' : 'search'}: ${this.#query}`;
  }

  key(key: Key): SearchOutcome {
    switch (key.name) {
      case 'ctrl-r':
        this.#find(this.#index);
        return 'searching';
      case 'backspace':
      case 'ctrl-h':
        this.#query = this.#query.slice(0, -1);
        this.#find(this.#history.inputs.length);
        return 'searching';
      case 'escape':
      case 'tab':
        return 'taken';
      case 'ctrl-g':
      case 'ctrl-c':
        return 'aborted';
    }
    if (key.text === '') return 'passed';
    this.#query += key.text.replaceAll('\n', ' ');
    this.#find(Math.min(this.#index + 1, this.#history.inputs.length));
    return 'searching';
  }

  /** The next one before `index`. */
  #find(index: number): void {
    if (this.#query === '') {
      this.#index = this.#history.inputs.length;
      this.#hasFailed = false;
      return;
    }
    const found = this.#history.search(this.#query, index);
    this.#hasFailed = found === undefined;
    this.#index = found ?? this.#index;
  }
}
