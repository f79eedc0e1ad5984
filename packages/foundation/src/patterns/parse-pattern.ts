import {
  type CharSet,
  charSet,
  digits,
  lastUnit,
  negated,
  notLineEnds,
  spaces,
  unitsOf,
  withBothCases,
  wordChars,
} from './char-set.ts';

/** What an assertion asks of the characters on its two sides. */
export type Assertion =
  | { readonly kind: 'word-boundary' | 'no-word-boundary' | 'start' | 'end' }
  | { readonly kind: 'not-before' | 'not-after'; readonly set: CharSet };

/** A pattern, read. `not-after` looks at the character before it, `not-before` at the one after. */
export type PatternNode =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'assertion'; readonly assertion: Assertion }
  | { readonly type: 'sequence' | 'choice'; readonly items: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      /** Infinity where there is no limit. */
      readonly max: number;
    };

/** Why a pattern cannot be used, with the place in it. */
export class PatternFault extends Error {
  override name = 'PatternFault';
}

/** The longest source of a pattern, in characters. */
const maxPatternChars = 2_000;
/** The deepest nesting of groups. */
const maxDepth = 50;
/** The most that a counted repeat may count to. */
const maxRepeat = 1_000;

/**
 * Reads a regular expression of the kind that RE2 has, so that none can blow up: literals, classes
 * (also `\d \w \s` and `[[:alnum:]]`), groups, `|`, `? * + {n,m}`, `^ $ \b`, flags as in `(?i)`, and of
 * lookarounds `(?!x)` and `(?<!x)` for one character or class. `^` and `$` are the ends of the whole text.
 * Throws {@link PatternFault} for anything else: back references, lookarounds of more.
 */
export function parsePattern(source: string, options: { ignoreCase?: boolean } = {}): PatternNode {
  if (source.length > maxPatternChars) {
    throw new PatternFault(`it is longer than ${maxPatternChars} characters`);
  }
  return new Parser(source, options.ignoreCase ?? false).read();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #ignoreCase: boolean;
  #depth = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  read(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw this.#fault('there is a ) without its (');
    return node;
  }

  #choice(): PatternNode {
    if (++this.#depth > maxDepth) throw this.#fault(`groups are nested over ${maxDepth} deep`);
    const ignoreCase = this.#ignoreCase;
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#ignoreCase = ignoreCase;
    this.#depth--;
    return items.length === 1 && items[0] ? items[0] : { type: 'choice', items };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#peek())) {
      const atom = this.#atom();
      if (atom) items.push(this.#repeated(atom));
    }
    return items.length === 1 && items[0] ? items[0] : { type: 'sequence', items };
  }

  /** Undefined for what only sets flags. */
  #atom(): PatternNode | undefined {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return { type: 'set', set: this.#class() };
      case '.':
        return { type: 'set', set: notLineEnds };
      case '^':
        return { type: 'assertion', assertion: { kind: 'start' } };
      case '$':
        return { type: 'assertion', assertion: { kind: 'end' } };
      case '*':
      case '+':
      case '?':
        throw this.#fault(`there is nothing before ${char} to repeat`);
      case '\\':
        return this.#escape();
      default:
        return this.#literal(char);
    }
  }

  #literal(char: string): PatternNode {
    const set = unitsOf(char);
    return { type: 'set', set: this.#ignoreCase ? withBothCases(set) : set };
  }

  #group(): PatternNode | undefined {
    if (!this.#take('?')) return this.#inner();
    if (this.#take('!')) return this.#lookaround('not-before');
    if (this.#take('<!')) return this.#lookaround('not-after');
    if (this.#take(':')) return this.#inner();
    const named = /^P?<\w+>/.exec(this.#source.slice(this.#at, this.#at + 100));
    if (named) {
      this.#at += named[0].length;
      return this.#inner();
    }
    const flags = /^(-?)([is]+)([:)])/.exec(this.#source.slice(this.#at, this.#at + 10));
    if (!flags) throw this.#fault('groups of this kind are not known');
    this.#at += flags[0].length;
    if (flags[2]?.includes('s')) throw this.#fault('the flag s is not known: write [\\s\\S] for .');
    const before = this.#ignoreCase;
    this.#ignoreCase = flags[1] === '';
    if (flags[3] === ')') return undefined;
    const node = this.#inner();
    this.#ignoreCase = before;
    return node;
  }

  #inner(): PatternNode {
    const node = this.#choice();
    if (!this.#take(')')) throw this.#fault('a ( has no )');
    return node;
  }

  #lookaround(kind: 'not-before' | 'not-after'): PatternNode {
    const inner = this.#inner();
    if (inner.type === 'set') return { type: 'assertion', assertion: { kind, set: inner.set } };
    throw this.#fault('a lookaround may hold one character or class only');
  }

  #repeated(item: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (!bounds) return item;
    // Which match is shortest does not matter here: the longest is taken.
    this.#take('?');
    if (/^[*+?]|^\{\d/.test(this.#source.slice(this.#at, this.#at + 2))) {
      throw this.#fault('one repeat follows on another');
    }
    if (item.type === 'assertion') throw this.#fault('an assertion cannot be repeated');
    return { type: 'repeat', item, ...bounds };
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (!counted) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const open = counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
    const max = counted[2] === undefined ? min : open;
    if (min > maxRepeat || (Number.isFinite(max) && max > maxRepeat)) {
      throw this.#fault(`a repeat counts to over ${maxRepeat}`);
    }
    if (max < min) throw this.#fault('a repeat ends before it begins');
    return { min, max };
  }

  #escape(): PatternNode {
    const char = this.#peek();
    if (char === 'b' || char === 'B') {
      this.#at++;
      const kind = char === 'b' ? 'word-boundary' : 'no-word-boundary';
      return { type: 'assertion', assertion: { kind } };
    }
    if (char === 'A' || char === 'z') {
      this.#at++;
      return { type: 'assertion', assertion: { kind: char === 'A' ? 'start' : 'end' } };
    }
    if (/[1-9kpP]/.test(char)) throw this.#fault(`\\${char} is not known here`);
    const set = this.#escapedSet();
    return { type: 'set', set: this.#ignoreCase ? withBothCases(set) : set };
  }

  /** What stands after a backslash, in a class or not. */
  #escapedSet(): CharSet {
    if (this.#at >= this.#source.length) throw this.#fault('it ends with a backslash');
    const char = this.#next();
    const known = escapedSets[char] ?? (controls[char] && unitsOf(controls[char]));
    if (known) return known;
    if (char === 'x' || char === 'u') {
      const length = char === 'x' ? 2 : 4;
      const hex = this.#source.slice(this.#at, this.#at + length);
      if (!/^[\da-f]+$/i.test(hex) || hex.length < length) {
        throw this.#fault(`\\${char} needs ${length} hex digits`);
      }
      this.#at += length;
      return unitsOf(String.fromCharCode(Number.parseInt(hex, 16)));
    }
    if (/[A-Za-z0-9]/.test(char)) throw this.#fault(`\\${char} is not known here`);
    return unitsOf(char);
  }

  #class(): CharSet {
    const isNegated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.#at >= this.#source.length) throw this.#fault('a [ has no ]');
      if (!isFirst && this.#take(']')) break;
      const first = this.#classItem();
      const begin = singleUnit(first);
      const isRange =
        begin !== undefined && this.#peek() === '-' && this.#source[this.#at + 1] !== ']';
      if (!isRange) {
        ranges.push(...first);
        continue;
      }
      this.#at++;
      const end = singleUnit(this.#classItem());
      if (end === undefined) throw this.#fault('a range has no end');
      if (end < begin) throw this.#fault('a range ends before it begins');
      ranges.push([begin, end]);
    }
    const set = charSet(ranges);
    const folded = this.#ignoreCase ? withBothCases(set) : set;
    return isNegated ? negated(folded) : folded;
  }

  #classItem(): CharSet {
    const posix = /^\[:(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (posix) {
      const known = posixSets[posix[1] ?? ''];
      if (!known) throw this.#fault(`[:${posix[1]}:] is not known`);
      this.#at += posix[0].length;
      return known;
    }
    const char = this.#next();
    return char === '\\' ? this.#escapedSet() : unitsOf(char);
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #next(): string {
    return this.#source[this.#at++] ?? '';
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #fault(what: string): PatternFault {
    return new PatternFault(`at character ${this.#at}: ${what}`);
  }
}

function singleUnit([first, ...more]: CharSet): number | undefined {
  return first && more.length === 0 && first[0] === first[1] ? first[0] : undefined;
}

const escapedSets: Readonly<Record<string, CharSet>> = {
  d: digits,
  D: negated(digits),
  w: wordChars,
  W: negated(wordChars),
  s: spaces,
  S: negated(spaces),
};

const controls: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  '0': '\0',
};

const letters = charSet([
  [65, 90],
  [97, 122],
]);

const posixSets: Readonly<Record<string, CharSet>> = {
  alnum: charSet([...digits, ...letters]),
  alpha: letters,
  digit: digits,
  lower: charSet([[97, 122]]),
  upper: charSet([[65, 90]]),
  space: spaces,
  word: wordChars,
  xdigit: charSet([
    [48, 57],
    [65, 70],
    [97, 102],
  ]),
  any: charSet([[0, lastUnit]]),
};
