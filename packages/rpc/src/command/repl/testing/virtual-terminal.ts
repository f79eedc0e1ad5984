import { graphemesOf } from '../editor/text-width.ts';

/**
 * A terminal as a person sees it: it keeps a grid of characters, wraps at its edge, scrolls, and obeys
 * those escape sequences of xterm that the line editor uses. It throws for any other.
 */
export class VirtualTerminal {
  columns: number;
  rows: number;
  /** Lines that have scrolled away, the oldest first. */
  readonly scrolled: string[] = [];
  bells = 0;
  /** As DECSCUSR sets it: 2 is a block, 6 a bar. */
  cursorShape = 0;
  #grid: string[][] = [];
  #row = 0;
  #column = 0;
  #rest = '';

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  /** The lines, without blanks at their end and without empty ones below. */
  get screen(): string[] {
    const lines = this.#grid.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  write(text: string): void {
    let rest = this.#rest + text;
    this.#rest = '';
    while (rest !== '') {
      if (rest[0] !== '\u001b') {
        const plain = rest.slice(0, Math.max(1, plainLength(rest)));
        if (isControl(plain.charCodeAt(0))) this.#control(plain);
        else {
          for (const { text: character, width } of graphemesOf(plain)) this.#put(character, width);
        }
        rest = rest.slice(plain.length);
        continue;
      }
      const [sequence] = /^.\[[0-?]*[ -/]*[@-~]/s.exec(rest) ?? [];
      if (sequence === undefined) {
        this.#rest = rest;
        return;
      }
      this.#obey(sequence.slice(2, -1), sequence.at(-1) ?? '');
      rest = rest.slice(sequence.length);
    }
  }

  #put(character: string, width: number): void {
    if (width === 0) {
      const row = this.#rowAt(this.#row);
      const before = Math.max(0, this.#column - 1);
      row[before] = (row[before] ?? ' ') + character;
      return;
    }
    if (this.#column + width > this.columns) {
      this.#column = 0;
      this.#lineFeed();
    }
    const row = this.#rowAt(this.#row);
    row[this.#column] = character;
    for (let i = 1; i < width; i++) row[this.#column + i] = '';
    this.#column += width;
  }

  #control(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#lineFeed();
    else if (character === '\u0007') this.bells++;
    else throw new Error(`the control character ${JSON.stringify(character)} is not known`);
  }

  #lineFeed(): void {
    this.#row++;
    if (this.#row < this.rows) return;
    this.#row = this.rows - 1;
    this.scrolled.push((this.#grid.shift() ?? []).join('').trimEnd());
  }

  #obey(parameters: string, final: string): void {
    const count = Number(parameters === '' ? 1 : parameters);
    switch (final) {
      case 'A':
        this.#row = Math.max(0, this.#row - count);
        return;
      case 'C':
        this.#column = Math.min(this.columns - 1, this.#column + count);
        return;
      case 'J':
        if (parameters === '2') this.#grid = [];
        else {
          this.#rowAt(this.#row).length = Math.min(this.#column, this.#rowAt(this.#row).length);
          this.#grid.length = this.#row + 1;
        }
        return;
      case 'H':
        this.#row = 0;
        this.#column = 0;
        return;
      case 'q':
        this.cursorShape = Number.parseInt(parameters, 10);
        return;
      // Colours, and pastes in brackets, are not to be seen here.
      case 'm':
      case 'h':
      case 'l':
        return;
      default:
        throw new Error(`the escape sequence ${parameters}${final} is not known`);
    }
  }

  #rowAt(index: number): string[] {
    while (this.#grid.length <= index) this.#grid.push([]);
    return this.#grid[index] as string[];
  }
}

/** How many units at the beginning are no control characters. */
function plainLength(text: string): number {
  let length = 0;
  while (length < text.length && !isControl(text.charCodeAt(length))) length++;
  return length;
}

/** C0, delete and C1. */
function isControl(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && unit < 0xa0);
}
