import { History } from '../editor/history.ts';
import { KeyParser } from '../editor/key-parser.ts';
import {
  type Completion,
  type EditingStyle,
  type EditorLanguage,
  LineEditor,
  type ReadResult,
} from '../editor/line-editor.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

export interface TypistOptions {
  readonly editing?: EditingStyle;
  readonly columns?: number;
  readonly rows?: number;
  readonly history?: readonly string[];
  readonly complete?: (text: string, cursor: number) => Promise<Completion> | Completion;
}

/** A person at an editor on a screen, who types keys as a terminal sends them. */
export class Typist {
  readonly terminal: VirtualTerminal;
  readonly editor: LineEditor;
  readonly history: History = new History();
  readonly #parser = new KeyParser();
  /** What was read last. */
  result: ReadResult | undefined;

  constructor(options: TypistOptions = {}) {
    this.terminal = new VirtualTerminal(options.columns, options.rows);
    for (const input of options.history ?? []) this.history.add(input);
    const language: EditorLanguage = {
      highlight: () => [],
      isComplete: (text) => count(text, '{') <= count(text, '}'),
      indentAfter: (text) => '  '.repeat(count(text, '{') - count(text, '}')),
      complete: async (text, cursor) =>
        (await options.complete?.(text, cursor)) ?? { from: cursor, candidates: [] },
    };
    this.editor = new LineEditor({
      terminal: this.terminal,
      history: this.history,
      language,
      style: ({ text }) => text,
      editing: options.editing ?? 'emacs',
    });
    this.read();
  }

  read(): void {
    this.result = undefined;
    void this.editor.read('> ').then((result) => {
      this.result = result;
    });
  }

  /** Types, and gives what the person sees afterwards. */
  type(keys: string): string[] {
    for (const key of this.#parser.push(keys)) this.editor.key(key);
    for (const key of this.#parser.flush()) this.editor.key(key);
    return this.terminal.screen;
  }

  /** Types, and lets what was asked for come. */
  async typeAndWait(keys: string): Promise<string[]> {
    this.type(keys);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    return this.terminal.screen;
  }

  /** Types into an empty input, and gives the text with `|` where the cursor is. */
  edit(keys: string): string {
    this.type(keys);
    const { row, column } = this.terminal.cursor;
    const lines = this.terminal.screen.map((line) => line.slice(2));
    while (lines.length <= row) lines.push('');
    const line = (lines[row] ?? '').padEnd(column - 2);
    lines[row] = `${line.slice(0, column - 2)}|${line.slice(column - 2)}`;
    return lines.join('\n');
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
