import { nameCommands } from './command-name.ts';

/** Where text goes: a standard stream. */
export interface Sink {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  readonly isTTY?: boolean;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What to type for `zeke`. */
  readonly command: string;
}

type Style = (text: string) => string;

/** A column of a table: its title, or that with how its cells look. */
export type Column =
  | string
  | {
      readonly title: string;
      /** Numbers stand at the right. */
      readonly align?: 'left' | 'right';
      readonly style?: Style;
    };

/** Colours, or nothing where they are not wanted. */
export interface Styles {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

/**
 * What a command says. Results go to standard output, everything said about them to standard
 * error, so that a pipe carries results only.
 */
export class Output {
  /** For standard output. */
  readonly styles: Styles;
  /** For standard error. */
  readonly noteStyles: Styles;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #command: string;

  constructor({ stdout, stderr, environment, command }: OutputOptions) {
    this.#command = command;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.styles = stylesFor(wantsColor(stdout, environment));
    this.noteStyles = stylesFor(wantsColor(stderr, environment));
  }

  /** True where results are seen on a terminal. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Text as it is, without a line break. */
  write(text: string): void {
    this.#stdout.write(text);
  }

  /**
   * Words of a model or of a program, as they come, without a line break. On a terminal they cannot steer it:
   * what is no text is shown as an escape, but for line breaks and tabs.
   */
  words(text: string): void {
    this.write(this.isTerminal ? printableLines(text) : text);
  }

  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A line for people that names commands, on standard output; they are named as they work here. */
  hint(text: string): void {
    this.line(nameCommands(text, this.#command));
  }

  /** A line about the result, on standard error; commands are named as they work here. */
  note(text: string): void {
    this.#stderr.write(`${nameCommands(text, this.#command)}\n`);
  }

  /** Rows in columns as wide as they need. What would move the cursor is shown as an escape. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const head = columns.map((column) => (typeof column === 'string' ? column : column.title));
    const cells = rows.map((row) => row.map(printable));
    const widths = head.map((title, index) =>
      Math.max(title.length, ...cells.map((row) => Bun.stringWidth(row[index] ?? ''))),
    );
    this.line(this.styles.dim(inColumns(head, columns, widths, (_, cell) => cell)));
    for (const row of cells) this.line(inColumns(row, columns, widths, styled));
  }

  /** Resolves when everything is handed to the system. */
  async flush(): Promise<void> {
    await Promise.all([this.#stdout, this.#stderr].map(flushed));
  }
}

/** https://no-color.org and https://force-color.org; a terminal called `dumb` gets none. */
function wantsColor(sink: Sink, environment: OutputOptions['environment']): boolean {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0';
  return sink.isTTY === true && environment.TERM !== 'dumb';
}

function stylesFor(color: boolean): Styles {
  const style = (open: number, close: number): Style =>
    color ? (text) => `\u001b[${open}m${text}\u001b[${close}m` : (text) => text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}

/** A text on one line, with control characters, those that turn the direction, and those that nobody sees, as escapes. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** The same of several lines, with their breaks and tabs. */
export function printableLines(text: string): string {
  return text.replaceAll('\r', '').replace(steering, escaped);
}

function escaped(character: string): string {
  const short = shortEscapes[character];
  return short ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

const unprintable =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
/** The same, but for line breaks and tabs. */
const steering = new RegExp(`(?![\\n\\t])${unprintable.source}`, 'gu');
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function inColumns(
  row: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  style: (column: Column, cell: string) => string,
): string {
  const cells = columns.map((column, index) => {
    const cell = row[index] ?? '';
    const blank = ' '.repeat((widths[index] ?? 0) - Bun.stringWidth(cell));
    if (typeof column === 'object' && column.align === 'right') return blank + style(column, cell);
    return style(column, cell) + (index === columns.length - 1 ? '' : blank);
  });
  return cells.join('  ').trimEnd();
}

function styled(column: Column, cell: string): string {
  return typeof column === 'object' && column.style ? column.style(cell) : cell;
}

function flushed(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    sink.write('', () => resolve());
  });
}
