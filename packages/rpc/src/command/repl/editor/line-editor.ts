import { CompletionMenu } from './completion-menu.ts';
import { EditActions, type KeyMap, type Outcome } from './edit-actions.ts';
import { emacsKeys } from './emacs-keys.ts';
import type { History } from './history.ts';
import { HistorySearch } from './history-search.ts';
import type { Key } from './key-parser.ts';
import { promptStyle, type Run, type StyledSpan } from './layout.ts';
import { type Frame, Screen, type Terminal } from './screen.ts';
import { viKeys } from './vi-keys.ts';

/** What could stand at the cursor. */
export interface Candidate {
  /** What is written. */
  readonly text: string;
  /** How it is listed; default: as it is written. */
  readonly label?: string;
  /** What it is, for people. */
  readonly hint?: string;
}

export interface Completion {
  /** Candidates take the place of what stands from here to the cursor. */
  readonly from: number;
  readonly candidates: readonly Candidate[];
}

/** What the editor has to know of what is written. */
export interface EditorLanguage {
  highlight(text: string): readonly StyledSpan[];
  /** False while Enter begins another line. */
  isComplete(text: string): boolean;
  /** What a line after this text begins with. */
  indentAfter(text: string): string;
  complete(text: string, cursor: number): Promise<Completion>;
}

export type EditingStyle = 'emacs' | 'vi';

export interface LineEditorOptions {
  readonly terminal: Terminal;
  readonly history: History;
  readonly language: EditorLanguage;
  /** Makes escape sequences of a style's name. */
  readonly style: (run: Run) => string;
  readonly editing: EditingStyle;
}

/** What a person has said: an input, Ctrl-C, or Ctrl-D. */
export type ReadResult =
  | { readonly kind: 'input'; readonly text: string }
  /** What was written until then. */
  | { readonly kind: 'interrupt'; readonly text: string }
  | { readonly kind: 'end' };

/** Keys that wait while a completion is looked up. */
const maxWaitingKeys = 1_000;
const continuation = '… ';
const cursorShapes: Readonly<Record<KeyMap['cursor'], string>> = {
  default: '',
  bar: '\u001b[6 q',
  block: '\u001b[2 q',
};
const usualCursor = '\u001b[0 q';

/**
 * An editor for inputs of one or more lines at the bottom of a terminal: with emacs' or vi's keys,
 * history, search in it, completion and colours. It is given keys and draws; who owns the terminal
 * reads it.
 */
export class LineEditor {
  readonly #options: LineEditorOptions;
  readonly #actions = new EditActions();
  readonly #screen: Screen;
  #keys: KeyMap;
  #editing: EditingStyle;
  #prompt = '';
  #resolve: ((result: ReadResult) => void) | undefined;
  #search: HistorySearch | undefined;
  #menu: CompletionMenu | undefined;
  /** The place in the history, and what was written before it was gone to. */
  #index = 0;
  #draft = '';
  #isBatch = false;
  /** What is shown is not what is written. */
  #isStale = false;
  /** A completion is looked up; its keys wait. */
  #lookUp: { readonly waiting: Key[] } | undefined;

  constructor(options: LineEditorOptions) {
    this.#options = options;
    this.#screen = new Screen(options.terminal, options.style);
    this.#editing = options.editing;
    this.#keys = keysOf(options.editing);
  }

  get editing(): EditingStyle {
    return this.#editing;
  }

  set editing(editing: EditingStyle) {
    this.#editing = editing;
    this.#keys = keysOf(editing);
  }

  /** Whether it takes keys now. */
  get isReading(): boolean {
    return this.#resolve !== undefined;
  }

  /** Reads one input. */
  read(prompt: string): Promise<ReadResult> {
    this.#prompt = prompt;
    this.#actions.buffer.reset();
    this.#keys.begin();
    this.#index = this.#options.history.inputs.length;
    this.#draft = '';
    const { promise, resolve } = Promise.withResolvers<ReadResult>();
    this.#resolve = resolve;
    this.#draw();
    return promise;
  }

  /** Another prompt, while it reads. */
  setPrompt(prompt: string): void {
    this.#prompt = prompt;
    if (this.isReading) this.#draw();
  }

  /** Prints whole lines above what is being written, or at once. */
  print(text: string): void {
    this.#screen.clear();
    this.#options.terminal.write(`${text.replaceAll('\n', '\r\n')}\r\n`);
    if (this.isReading) this.#draw();
  }

  /** Somebody else has the terminal for a while: the cursor stands in a line of its own. */
  leave(): void {
    if (!this.isReading) return;
    this.#screen.finish(this.#frame());
    if (this.#keys.cursor !== 'default') this.#options.terminal.write(usualCursor);
  }

  /** Draws what is written once more, as after `leave`. */
  redraw(): void {
    this.#screen.forget();
    if (this.isReading) this.#draw();
  }

  /** The terminal has another size. */
  resized(): void {
    if (this.isReading) this.#screen.resized();
  }

  /** Draws once what all the keys do that are taken meanwhile. */
  batch(work: () => void): void {
    this.#isBatch = true;
    work();
    this.#isBatch = false;
    if (this.isReading && this.#isStale) this.#draw();
  }

  /** Takes a key. Without a `read` it does nothing. */
  key(key: Key): void {
    if (!this.isReading) return;
    if (this.#lookUp !== undefined && key.name !== 'ctrl-c') {
      if (this.#lookUp.waiting.length < maxWaitingKeys) this.#lookUp.waiting.push(key);
      return;
    }
    this.#lookUp = undefined;
    if (this.#search !== undefined) this.#searchKey(this.#search, key);
    else this.#editKey(key);
    if (this.isReading) this.#draw();
  }

  #editKey(key: Key): void {
    const isMenuKey = key.name === 'tab' || key.name === 'shift-tab';
    if (this.#menu !== undefined && key.name === 'escape' && this.#editing === 'emacs') {
      this.#menu = undefined;
      return;
    }
    if (!isMenuKey) this.#menu = undefined;
    const outcome = this.#keys.handle(key, this.#actions);
    this.#obey(outcome);
  }

  #obey(outcome: Outcome): void {
    switch (outcome) {
      case 'enter':
        this.#enter();
        return;
      case 'interrupt':
        this.#finish({ kind: 'interrupt', text: this.#actions.buffer.text });
        return;
      case 'end':
        this.#finish({ kind: 'end' });
        return;
      case 'older':
        this.#recall(this.#index - 1);
        return;
      case 'newer':
        this.#recall(this.#index + 1);
        return;
      case 'search':
        this.#search = new HistorySearch(this.#options.history, this.#actions.buffer.text);
        return;
      case 'complete':
      case 'complete-back':
        this.#complete(outcome === 'complete' ? 1 : -1);
        return;
      case 'clear-screen':
        this.#options.terminal.write('\u001b[H\u001b[2J');
        this.#screen.forget();
        return;
      case 'done':
      case 'unbound':
        return;
    }
  }

  #enter(): void {
    const { buffer } = this.#actions;
    const { language } = this.#options;
    if (language.isComplete(buffer.text)) {
      this.#finish({ kind: 'input', text: buffer.text });
      return;
    }
    const after = buffer.after.trimStart();
    const indent = language.indentAfter(buffer.before);
    buffer.insert(`\n${indent}`);
    // A bracket that closes what was just opened stands in a line of its own.
    if (/^[}\])]/.test(after) && /[{[(]\s*$/.test(buffer.before.trimEnd())) {
      const { cursor } = buffer;
      buffer.insert(`\n${indent.slice(2)}`);
      buffer.moveTo(cursor);
    }
  }

  #finish(result: ReadResult): void {
    const frame = this.#frame();
    this.#search = undefined;
    this.#menu = undefined;
    this.#lookUp = undefined;
    this.#screen.finish(
      result.kind === 'interrupt' ? { ...frame, text: `${frame.text}^C` } : frame,
    );
    if (this.#keys.cursor !== 'default') this.#options.terminal.write(usualCursor);
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(result);
  }

  #recall(index: number): void {
    const { inputs } = this.#options.history;
    if (index < 0 || index > inputs.length) {
      this.#bell();
      return;
    }
    const { buffer } = this.#actions;
    if (this.#index === inputs.length) this.#draft = buffer.text;
    this.#index = index;
    buffer.set(inputs[index] ?? this.#draft);
  }

  #searchKey(search: HistorySearch, key: Key): void {
    const outcome = search.key(key);
    if (outcome === 'searching') return;
    this.#search = undefined;
    const { buffer } = this.#actions;
    if (outcome === 'aborted') return;
    buffer.set(search.text, search.cursor);
    this.#index = search.index;
    if (outcome === 'taken') return;
    this.#editKey(key);
  }

  #complete(direction: 1 | -1): void {
    const { buffer } = this.#actions;
    if (this.#menu !== undefined) {
      this.#menu.select(direction, buffer);
      return;
    }
    const { text, cursor } = buffer;
    const lookUp = { waiting: [] as Key[] };
    this.#lookUp = lookUp;
    void this.#options.language.complete(text, cursor).then(
      (completion) => this.#offer(lookUp, completion),
      () => this.#offer(lookUp, { from: cursor, candidates: [] }),
    );
  }

  #offer(lookUp: { readonly waiting: Key[] }, completion: Completion): void {
    // It was not waited for.
    if (this.#lookUp !== lookUp) return;
    this.#lookUp = undefined;
    const { buffer } = this.#actions;
    this.#menu = CompletionMenu.open(completion, buffer);
    if (completion.candidates.length === 0) this.#bell();
    this.#draw();
    for (const key of lookUp.waiting) this.key(key);
  }

  #bell(): void {
    this.#options.terminal.write('\u0007');
  }

  #frame(): Frame {
    const { buffer } = this.#actions;
    const { language } = this.#options;
    const search = this.#search;
    const text = search?.text ?? buffer.text;
    return {
      prompt: this.#prompt,
      continuation,
      text,
      cursor: search?.cursor ?? buffer.cursor,
      spans: language.highlight(text),
      below:
        search === undefined
          ? (this.#menu?.rows(this.#options.terminal) ?? [])
          : [[{ text: search.label, style: promptStyle }]],
    };
  }

  #draw(): void {
    this.#isStale = this.#isBatch;
    if (this.#isBatch) return;
    this.#screen.draw(this.#frame());
    const shape = cursorShapes[this.#keys.cursor];
    if (shape !== '') this.#options.terminal.write(shape);
  }
}

function keysOf(editing: EditingStyle): KeyMap {
  return editing === 'vi' ? viKeys() : emacsKeys();
}
