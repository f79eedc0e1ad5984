import { printable } from '../../printable.ts';
import { type Grapheme, graphemesOf, textWidth } from './text-width.ts';

/** How a part of a text looks; what it is called is up to who draws it. */
export interface StyledSpan {
  readonly from: number;
  readonly to: number;
  readonly style: string;
}

/** What is laid out: a prompt, a text with a cursor, and lines below it. */
export interface LayoutInput {
  /** Before the first line; without styles, which `stylePrompt` adds. */
  readonly prompt: string;
  /** Before the other lines. */
  readonly continuation: string;
  readonly text: string;
  readonly cursor: number;
  readonly spans: readonly StyledSpan[];
  readonly columns: number;
}

/** A run of one style within a row. */
export interface Run {
  readonly text: string;
  readonly style: string;
}

export interface Layout {
  /** The rows of the screen, none wider than it. */
  readonly rows: readonly (readonly Run[])[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** The styles of what the layout adds. */
export const promptStyle = 'prompt';
const continuationStyle = 'continuation';

/** Breaks prompt and text into the rows of a screen of so many columns, and finds the cursor in them. */
export function layOut(input: LayoutInput): Layout {
  const rows = new Rows(Math.max(4, input.columns));
  rows.write(input.prompt, promptStyle);
  let offset = 0;
  let spanIndex = 0;
  const styleAt = (at: number): string => {
    while ((input.spans[spanIndex]?.to ?? Number.POSITIVE_INFINITY) <= at) spanIndex++;
    const span = input.spans[spanIndex];
    return span !== undefined && span.from <= at ? span.style : '';
  };
  let cursor: { readonly row: number; readonly column: number } | undefined;
  for (const [i, line] of input.text.split('\n').entries()) {
    if (i > 0) {
      rows.lineBreak();
      rows.write(input.continuation, continuationStyle);
    }
    for (const grapheme of graphemesOf(line)) {
      const { text, width } = shownAs(grapheme);
      if (offset === input.cursor) cursor = rows.position(width);
      rows.put(text, width, styleAt(offset));
      offset += grapheme.text.length;
    }
    if (offset === input.cursor) cursor = rows.position(1);
    offset++;
  }
  const { row, column } = cursor ?? rows.position(1);
  return { rows: rows.list, cursorRow: row, cursorColumn: column };
}

/** What a terminal would obey is shown as an escape: names come from servers. */
export function shownAs(grapheme: Grapheme): Grapheme {
  if (grapheme.width > 0 && grapheme.text.length === 1) return grapheme;
  const text = printable(grapheme.text);
  return text === grapheme.text ? grapheme : { text, width: textWidth(text) };
}

/** Rows as they are filled. */
class Rows {
  readonly list: Run[][] = [[]];
  readonly #columns: number;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  write(text: string, style: string): void {
    for (const grapheme of graphemesOf(text)) {
      const shown = shownAs(grapheme);
      this.put(shown.text, shown.width, style);
    }
  }

  put(text: string, width: number, style: string): void {
    if (this.#column + width > this.#columns) this.lineBreak();
    const row = this.list.at(-1) ?? [];
    const last = row.at(-1);
    if (last?.style === style) row[row.length - 1] = { text: last.text + text, style };
    else row.push({ text, style });
    this.#column += width;
  }

  lineBreak(): void {
    this.list.push([]);
    this.#column = 0;
  }

  /** Where something of this width comes next: at the end of a full row, in a new one. */
  position(width: number): { row: number; column: number } {
    if (this.#column + width > this.#columns) this.lineBreak();
    return { row: this.list.length - 1, column: this.#column };
  }
}
