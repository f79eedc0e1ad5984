import { EditBuffer } from './edit-buffer.ts';
import type { Key } from './key-parser.ts';
import { KillRing } from './kill-ring.ts';
import { lineStart } from './motions.ts';

/** What a key wants of the editor, besides what it has done to the text. */
export type Outcome =
  | 'done'
  | 'unbound'
  | 'enter'
  | 'interrupt'
  | 'end'
  | 'older'
  | 'newer'
  | 'search'
  | 'complete'
  | 'complete-back'
  | 'clear-screen';

/** A way to edit: emacs' or vi's. */
export interface KeyMap {
  /** What the cursor looks like. */
  readonly cursor: 'bar' | 'block' | 'default';
  /** A new input begins. */
  begin(): void;
  handle(key: Key, actions: EditActions): Outcome;
}

/** The text, what was cut from it, and what both ways to edit do to them. */
export class EditActions {
  readonly buffer: EditBuffer = new EditBuffer();
  readonly kills: KillRing = new KillRing();
  /** Of the key before this one, what `emacs` has to know. */
  previous: 'kill' | 'yank' | 'other' = 'other';

  /** Writes what was typed; a closing bracket that begins its line goes one step out. */
  type(text: string): void {
    const { buffer } = this;
    const start = lineStart(buffer.text, buffer.cursor);
    const lead = buffer.text.slice(start, buffer.cursor);
    if (/^[}\])]$/.test(text) && /^ {2,}$/.test(lead)) {
      buffer.replace(buffer.cursor - 2, buffer.cursor, text, 'typing');
    } else buffer.insert(text, 'typing');
  }

  /** Writes what was pasted, without what a terminal would obey. */
  paste(text: string): void {
    this.buffer.insert(text.replaceAll('\t', '  ').replace(/[^\P{Cc}\n]/gu, ''));
  }

  /** Cuts from the cursor to an offset. */
  killTo(offset: number): void {
    const { cursor } = this.buffer;
    const text = this.buffer.remove(cursor, offset);
    if (this.previous !== 'kill') this.kills.add(text);
    else this.kills.extend(text, offset < cursor ? 'before' : 'behind');
  }
}
