import { printableJson } from './printable.ts';

/** Where text goes: a standard stream. */
export interface TextStream {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  readonly isTTY?: boolean;
}

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Style = (text: string) => string;

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
  /** A person reads the results. */
  readonly isTerminal: boolean;
  readonly #stdout: TextStream;
  readonly #stderr: TextStream;

  constructor({ stdout, stderr, environment }: OutputOptions) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isTerminal = stdout.isTTY === true;
    this.styles = stylesFor(wantsColor(stdout, environment));
    this.noteStyles = stylesFor(wantsColor(stderr, environment));
  }

  /** Text as it is, without a line break. */
  write(text: string): void {
    this.#stdout.write(text);
  }

  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  json(value: unknown): void {
    this.line(printableJson(JSON.stringify(value, null, 2)));
  }

  /** A line of a stream of results; resolves when there is room for the next. */
  async result(text: string): Promise<void> {
    if (this.#stdout.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stdout.off('drain', done);
        this.#stdout.off('close', done);
        resolve();
      };
      this.#stdout.once('drain', done);
      this.#stdout.once('close', done);
    });
  }

  /** A line about the result, on standard error. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** Rows in columns as wide as they need; those of `right` stand at the right. */
  table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    right: readonly number[],
  ): void {
    const widths = head.map((title, column) =>
      Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
    );
    const inColumns = (row: readonly string[]): string =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd();
    this.line(this.styles.dim(inColumns(head)));
    for (const row of rows) this.line(inColumns(row));
  }

  /** Resolves when everything is handed to the system. */
  async flush(): Promise<void> {
    await Promise.all([this.#stdout, this.#stderr].map(flushed));
  }
}

/** https://no-color.org and https://force-color.org; a terminal called `dumb` gets none. */
function wantsColor(stream: TextStream, environment: OutputOptions['environment']): boolean {
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR) return environment.FORCE_COLOR !== '0';
  return stream.isTTY === true && environment.TERM !== 'dumb';
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

function flushed(stream: TextStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
