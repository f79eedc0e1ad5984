import type { Position, PositionEncodingKind, Range } from 'vscode-languageserver-protocol';

/** A place as people say it: both from 1; a column counts characters (code points). */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** From `start` up to `end`, which does not belong to it. */
export interface Span {
  readonly start: Place;
  readonly end: Place;
}

/** The text's lines without their ends, as the protocol splits them: at `\n`, `\r\n` and `\r`. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/);
}

/** A place as a server counts it. What lies past the end of a line is its end. */
export function toPosition(
  lines: readonly string[],
  { line, column }: Place,
  encoding: PositionEncodingKind,
): Position {
  const text = lines[line - 1] ?? '';
  return { line: line - 1, character: unitsBefore(text, column - 1, encoding) };
}

/** Where a server points to, as people say it. Lines of which the text is not known count as UTF-16. */
export function toPlace(
  lines: readonly string[],
  { line, character }: Position,
  encoding: PositionEncodingKind,
): Place {
  const text = lines[line];
  const column = text === undefined ? character : charactersBefore(text, character, encoding);
  return { line: line + 1, column: column + 1 };
}

export function toSpan(
  lines: readonly string[],
  { start, end }: Range,
  encoding: PositionEncodingKind,
): Span {
  return { start: toPlace(lines, start, encoding), end: toPlace(lines, end, encoding) };
}

/** Where a server points to in a text, in UTF-16 units from its beginning. Past the end: the end. */
export function toOffset(text: string, position: Position, encoding: PositionEncodingKind): number {
  let offset = 0;
  for (let line = 0; line < position.line; line++) {
    const end = lineEnd(text, offset);
    if (end === text.length) return text.length;
    offset = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1;
  }
  const line = text.slice(offset, lineEnd(text, offset));
  const characters = charactersBefore(line, position.character, encoding);
  return offset + unitsBefore(line, characters, 'utf-16');
}

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || unit === 13) return at;
  }
  return text.length;
}

function unitsBefore(line: string, characters: number, encoding: PositionEncodingKind): number {
  let units = 0;
  let left = characters;
  for (const character of line) {
    if (left-- <= 0) break;
    units += unitsOf(character, encoding);
  }
  return units;
}

function charactersBefore(line: string, units: number, encoding: PositionEncodingKind): number {
  let left = units;
  let characters = 0;
  for (const character of line) {
    left -= unitsOf(character, encoding);
    // Within a character: its beginning.
    if (left < 0) break;
    characters++;
  }
  return characters;
}

function unitsOf(character: string, encoding: PositionEncodingKind): number {
  if (encoding === 'utf-8') return Buffer.byteLength(character);
  return encoding === 'utf-32' ? 1 : character.length;
}

/** Where a name stands in a text as a word of its own: of several, what is nearest to `line`. */
export function placeOfName(
  lines: readonly string[],
  name: string,
  line: number,
): Place | undefined {
  for (let distance = 0; distance < lines.length; distance++) {
    for (const at of distance === 0 ? [line] : [line - distance, line + distance]) {
      const column = columnOfWord(lines[at - 1] ?? '', name);
      if (column !== undefined) return { line: at, column };
    }
  }
  return undefined;
}

function columnOfWord(line: string, name: string): number | undefined {
  for (let at = line.indexOf(name); at >= 0; at = line.indexOf(name, at + 1)) {
    const before = line.slice(0, at);
    const isWord = !/[\p{L}\p{N}_$]$/u.test(before) || !/^[\p{L}\p{N}_$]/u.test(name);
    const after = line.slice(at + name.length);
    const ends = !/^[\p{L}\p{N}_$]/u.test(after) || !/[\p{L}\p{N}_$]$/u.test(name);
    if (isWord && ends) return [...before].length + 1;
  }
  return undefined;
}
