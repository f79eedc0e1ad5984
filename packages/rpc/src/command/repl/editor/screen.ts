import { type Layout, type LayoutInput, layOut, type Run, shownAs } from './layout.ts';
import { graphemesOf, textWidth } from './text-width.ts';

/** Where the editor draws. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** What the editor shows at one moment. */
export interface Frame extends Omit<LayoutInput, 'columns'> {
  /** Lines below the text; they are cut at the edge. */
  readonly below: readonly (readonly Run[])[];
}

/**
 * Draws the prompt with the text being edited, in as many rows as it takes, over what it drew before.
 * All above stays where it is, and moves up as the terminal scrolls.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #style: (run: Run) => string;
  #drawn: Frame | undefined;
  /** The row of the cursor within what is drawn. */
  #cursorRow = 0;

  constructor(terminal: Terminal, style: (run: Run) => string) {
    this.#terminal = terminal;
    this.#style = style;
  }

  draw(frame: Frame): void {
    const { rows, below, cursorRow, cursorColumn } = this.#layOut(frame);
    const lines = [...rows, ...below].map((row) => row.map(this.#style).join(''));
    const up = lines.length - 1 - cursorRow;
    this.#terminal.write(
      `${this.#home()}${lines.join('\r\n')}${up > 0 ? `\u001b[${up}A` : ''}\r${right(cursorColumn)}`,
    );
    this.#cursorRow = cursorRow;
    this.#drawn = frame;
  }

  /** Takes away what is drawn; the cursor stands where it began. */
  clear(): void {
    if (this.#drawn !== undefined) this.#terminal.write(this.#home());
    this.forget();
  }

  /** The terminal has other columns now, and has broken the rows anew. */
  resized(): void {
    if (this.#drawn === undefined) return;
    this.#cursorRow = this.#layOut(this.#drawn).cursorRow;
    this.draw(this.#drawn);
  }

  /** Leaves what is drawn, the cursor in the line after it. */
  finish(frame: Frame): void {
    this.draw({ ...frame, cursor: frame.text.length, below: [] });
    this.#terminal.write('\r\n');
    this.forget();
  }

  /** Nothing is drawn any more, as the terminal was cleared. */
  forget(): void {
    this.#drawn = undefined;
    this.#cursorRow = 0;
  }

  #layOut(frame: Frame): Layout & { readonly below: readonly (readonly Run[])[] } {
    const { columns, rows: height } = this.#terminal;
    // What does not fit would scroll away, and could not be drawn over.
    const below = frame.below.slice(0, Math.max(0, height - 2)).map((row) => cut(row, columns));
    const layout = layOut({ ...frame, columns });
    return { ...layout, ...visible(layout, Math.max(1, height - 1 - below.length)), below };
  }

  #home(): string {
    const row = this.#cursorRow;
    return `\r${row > 0 ? `\u001b[${row}A` : ''}\u001b[J`;
  }
}

function right(columns: number): string {
  return columns > 0 ? `\u001b[${columns}C` : '';
}

/** The rows around the cursor. */
function visible({ rows, cursorRow }: Layout, height: number): Pick<Layout, 'rows' | 'cursorRow'> {
  if (rows.length <= height) return { rows, cursorRow };
  const first = Math.min(Math.max(0, cursorRow - height + 1), rows.length - height);
  return { rows: rows.slice(first, first + height), cursorRow: cursorRow - first };
}

function cut(row: readonly Run[], columns: number): Run[] {
  let width = 0;
  return row.map(({ text, style }) => {
    const piece = cutText(text, columns - width);
    width += textWidth(piece);
    return { text: piece, style };
  });
}

function cutText(text: string, columns: number): string {
  let result = '';
  let left = columns;
  for (const grapheme of graphemesOf(text)) {
    const shown = shownAs(grapheme);
    left -= shown.width;
    if (left < 0) break;
    result += shown.text;
  }
  return result;
}
