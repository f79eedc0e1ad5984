import type { TokenShapes } from './token-shapes.ts';
import { specialTokens, type Vocabulary } from './vocabulary.ts';

/**
 * Ways to look at a place beside the tokens straight before it, each a hash of what it sees. They find
 * places that are alike where the last tokens are new, as behind a name that was just declared.
 *
 * - 0, shapes: of the last six tokens.
 * - 1, argument: the bracket it stands in, what stands before that, and the how manieth part of it.
 * - 2, nesting: the same of the bracket around, but for the part.
 * - 3, line: at a line's start how the two lines above begin; within it, how it begins itself.
 * - 4, skip: the tokens before the last one.
 */
export const viewCount = 5;

/** Views that are kept of a project's files, too: 8 bytes a token each. The last is worth too little. */
export const learnedViewCount = 4;

/** Parts of a bracket that are told apart. */
const maxParts = 6;

/** A bracket that is open. */
interface Bracket {
  readonly around: Bracket | undefined;
  readonly sign: number;
  /** The token before it, as the name of a function that is called. */
  readonly owner: number;
  readonly parts: number;
}

/** Brackets and the comma, by id. */
export class Brackets {
  readonly opening: ReadonlySet<number>;
  readonly closing: ReadonlySet<number>;
  readonly comma: number;

  constructor(vocabulary: Vocabulary) {
    const idOf = (sign: string) => vocabulary.intern(sign, 0, 1);
    this.opening = new Set(['(', '[', '{'].map(idOf));
    this.closing = new Set([')', ']', '}'].map(idOf));
    this.comma = idOf(',');
  }
}

/** What stands around a place, kept as tokens are pushed before it. */
export class Surroundings {
  readonly #shapes: TokenShapes;
  readonly #brackets: Brackets;
  /** The last tokens, the nearest first, and the shapes of the last six. */
  #last = 0;
  #second = 0;
  #third = 0;
  readonly #lastShapes = new Int32Array(6);
  #bracket: Bracket | undefined;
  /** How the line and the two above it begin; 0 at a line's start. */
  #line = 0;
  #above = 0;
  #aboveThat = 0;

  constructor(shapes: TokenShapes, brackets: Brackets) {
    this.#shapes = shapes;
    this.#brackets = brackets;
  }

  /** Goes on alone from here. */
  copy(): Surroundings {
    const copy = new Surroundings(this.#shapes, this.#brackets);
    copy.#last = this.#last;
    copy.#second = this.#second;
    copy.#third = this.#third;
    copy.#lastShapes.set(this.#lastShapes);
    copy.#bracket = this.#bracket;
    copy.#line = this.#line;
    copy.#above = this.#above;
    copy.#aboveThat = this.#aboveThat;
    return copy;
  }

  /** `shape` is told where the text has no id. */
  push(id: number, shape = this.#shapes.of(id)): void {
    this.#noteBracket(id);
    this.#third = this.#second;
    this.#second = this.#last;
    this.#last = id;
    this.#lastShapes.copyWithin(1, 0, 5);
    this.#lastShapes[0] = shape;
    if (id === specialTokens.newline) {
      this.#aboveThat = this.#above;
      this.#above = this.#line;
      this.#line = 0;
    } else if (this.#line === 0) this.#line = id;
  }

  /** Writes the hash of each view for the place behind what was pushed, from `at` on. */
  hash(into: Int32Array, at: number): void {
    const bracket = this.#bracket;
    const sign = bracket?.sign ?? 0;
    const owner = bracket?.owner ?? 0;
    const shape = this.#lastShapes[0] as number;
    let shapes = 1;
    for (let i = 0; i < 6; i++) shapes = mixed(shapes, this.#lastShapes[i] as number);
    into[at] = shapes;
    const part = mixed(mixed(mixed(13, sign), owner), bracket?.parts ?? 0);
    into[at + 1] = mixed(part, shape);
    const nesting = mixed(mixed(18, this.#shapes.of(owner)), bracket?.around?.owner ?? 0);
    into[at + 2] = mixed(nesting, shape);
    const line =
      this.#line === 0
        ? mixed(mixed(16, this.#above), this.#aboveThat)
        : mixed(mixed(17, this.#last), this.#line);
    into[at + 3] = mixed(line, sign);
    into[at + 4] = mixed(mixed(mixed(11, shape), this.#second), this.#third);
  }

  #noteBracket(id: number): void {
    const { closing, comma, opening } = this.#brackets;
    const bracket = this.#bracket;
    if (opening.has(id)) {
      this.#bracket = { around: bracket, sign: id, owner: this.#last, parts: 0 };
    } else if (closing.has(id)) this.#bracket = bracket?.around;
    else if (id === comma && bracket !== undefined && bracket.parts < maxParts) {
      this.#bracket = { ...bracket, parts: bracket.parts + 1 };
    }
  }
}

function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return product ^ (product >>> 15);
}
