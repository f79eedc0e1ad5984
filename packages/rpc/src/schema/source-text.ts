import type { SchemaProblem } from './schema-problem.ts';

/** A place in a source: an offset in UTF-16 code units. */
export interface Place {
  readonly offset: number;
}

/** Ends the reading of a file that has too many problems. */
export class TooManyProblems extends Error {
  override readonly name = 'TooManyProblems';
}

/** A name in a source may be as long as the source. */
const maxMessageLength = 1_000;

/** The text of one source file, and what was found wrong in it. */
export class SourceText {
  readonly name: string;
  readonly text: string;
  readonly problems: SchemaProblem[] = [];
  readonly warnings: SchemaProblem[] = [];
  readonly #maxProblems: number;
  #lineStarts: number[] | undefined;

  constructor(name: string, text: string, maxProblems: number) {
    this.name = name;
    this.text = text;
    this.#maxProblems = maxProblems;
  }

  /**
   * Notes a problem, once where it is found again.
   * @throws TooManyProblems at the limit.
   */
  report(place: Place | undefined, message: string): void {
    const problem = this.#problem(place, message);
    if (this.problems.some((other) => isSameProblem(other, problem))) return;
    this.problems.push(problem);
    if (this.problems.length >= this.#maxProblems) throw new TooManyProblems();
  }

  /** Notes something that is allowed but likely a mistake. */
  warn(place: Place | undefined, message: string): void {
    if (this.warnings.length < this.#maxProblems) this.warnings.push(this.#problem(place, message));
  }

  #problem(place: Place | undefined, message: string): SchemaProblem {
    if (place === undefined) return { file: this.name, line: 0, column: 0, message };
    const isLong = message.length > maxMessageLength;
    const shown = isLong ? `${message.slice(0, maxMessageLength)}…` : message;
    this.#lineStarts ??= lineStartsOf(this.text);
    const line = lineAt(this.#lineStarts, place.offset);
    const column = place.offset - (this.#lineStarts[line] ?? 0) + 1;
    return { file: this.name, line: line + 1, column, message: shown };
  }
}

function isSameProblem(left: SchemaProblem, right: SchemaProblem): boolean {
  return left.line === right.line && left.column === right.column && left.message === right.message;
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The index of the last line that starts at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
