import type { EditBuffer } from './edit-buffer.ts';
import type { Run } from './layout.ts';
import type { Candidate, Completion } from './line-editor.ts';
import type { Terminal } from './screen.ts';
import { textWidth } from './text-width.ts';

/** Rows of candidates at once. */
const maxRows = 10;

/** The styles of the menu. */
const menuStyles = { label: 'menu', hint: 'menu-hint', selected: 'menu-selected' } as const;

/** Candidates below the text: Tab goes through them. */
export class CompletionMenu {
  readonly #from: number;
  readonly #candidates: readonly Candidate[];
  /** What was written before one was chosen; behind the cursor nothing changes. */
  readonly #written: string;
  #selected = -1;

  private constructor(from: number, candidates: readonly Candidate[], written: string) {
    this.#from = from;
    this.#candidates = candidates;
    this.#written = written;
  }

  /**
   * Writes the only candidate, or what all of them begin with; where that is nothing new it opens a
   * menu of them.
   */
  static open({ from, candidates }: Completion, buffer: EditBuffer): CompletionMenu | undefined {
    const [first] = candidates;
    if (first === undefined) return undefined;
    const written = buffer.text.slice(from, buffer.cursor);
    const common = candidates.map(({ text }) => text).reduce(commonBegin);
    if (candidates.length === 1 || common.length > written.length) {
      buffer.replace(from, buffer.cursor, common);
      if (candidates.length === 1) return undefined;
    }
    return new CompletionMenu(from, candidates, buffer.text.slice(from, buffer.cursor));
  }

  /** Chooses the next one or the one before it, and what was written between the last and the first. */
  select(direction: 1 | -1, buffer: EditBuffer): void {
    const places = this.#candidates.length + 1;
    this.#selected = ((this.#selected + 1 + direction + places) % places) - 1;
    const text = this.#candidates[this.#selected]?.text ?? this.#written;
    buffer.replace(this.#from, buffer.cursor, text, 'completion');
  }

  /** A row for each candidate around the chosen one. */
  rows({ rows: height }: Terminal): Run[][] {
    const room = Math.max(1, Math.min(maxRows, height - 4));
    const all = this.#candidates;
    const first = Math.max(0, Math.min(this.#selected - Math.floor(room / 2), all.length - room));
    const shown = all.slice(first, first + room);
    const width = Math.max(...shown.map((candidate) => textWidth(labelOf(candidate))));
    const rows = shown.map((candidate, i) => {
      const label = labelOf(candidate);
      const isSelected = first + i === this.#selected;
      const padding = ' '.repeat(width - textWidth(label));
      return [
        { text: `  ${label}`, style: isSelected ? menuStyles.selected : menuStyles.label },
        { text: `${padding}  ${candidate.hint ?? ''}`, style: menuStyles.hint },
      ];
    });
    const left = all.length - shown.length;
    if (left > 0) rows.push([{ text: `  … ${left} more`, style: menuStyles.hint }]);
    return rows;
  }
}

function labelOf({ label, text }: Candidate): string {
  return label ?? text;
}

function commonBegin(left: string, right: string): string {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return left.slice(0, length);
}
