import {
  bracketsAround,
  findInLine,
  firstNonBlank,
  lineDown,
  lineEnd,
  lineStart,
  lineUp,
  matchingBracket,
  quotesAround,
  type TextRange,
  viWordBack,
  viWordEnd,
  viWordForward,
  wordAround,
} from './motions.ts';
import { nextOffset, previousOffset } from './text-width.ts';

/** A command of vi, read from its keys. */
export type Parsed = {
  /** How often. */
  readonly count: number;
  /** What it is called: a command, a motion, a text object such as `iw`, or `line` as in `dd`. */
  readonly name: string;
  /** The character of `f`, `r` and those like them. */
  readonly argument: string;
} & (
  | { readonly kind: 'simple' | 'motion' }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly isTextObject: boolean }
);

export type Operator = 'd' | 'c' | 'y';

/** A motion that asks for a character, and any other. */
const motionPattern = '([fFtT])(.)|(gg|[hlwbeWBE0^$%jkG|;, ])';
const objectPattern = String.raw`([ia][wW"'\`(){}[\]bB])`;
const operatorPattern = new RegExp(
  `^([1-9]\\d*)?([dcy])([1-9]\\d*)?(?:\\2|${motionPattern}|${objectPattern})$`,
  's',
);
const plainPattern = new RegExp(
  `^([1-9]\\d*)?(?:r(.)|([iIaAoOxXsSDCYpPu~.J/])|${motionPattern})$`,
  's',
);
const beginning = /^(?:[1-9]\d*)?(?:[fFtTrg]|[dcy](?:[1-9]\d*)?(?:[fFtTgia])?)?$/;

/** What keys mean: a command, the beginning of one, or nothing. */
export function parseCommand(keys: string): Parsed | 'incomplete' | 'unknown' {
  const operated = operatorPattern.exec(keys);
  if (operated !== null) return parsedOperator(operated);
  const [, count, replacement, simple, find, argument = '', motion] = plainPattern.exec(keys) ?? [];
  const common = { count: Math.min(Number(count ?? 1), maxCount) };
  if (replacement !== undefined)
    return { ...common, kind: 'simple', name: 'r', argument: replacement };
  if (simple !== undefined) return { ...common, kind: 'simple', name: simple, argument: '' };
  const name = find ?? motion;
  // A motion to a column or a line is told by its count.
  if (name !== undefined) {
    const counted = /^[G|]$/.test(name) ? (count === undefined ? 0 : common.count) : common.count;
    return { kind: 'motion', name, argument, count: counted };
  }
  return beginning.test(keys) ? 'incomplete' : 'unknown';
}

const maxCount = 10_000;

function parsedOperator(found: RegExpExecArray): Parsed {
  const [, first, operator, second, find, argument = '', motion, object] = found;
  const count = Math.min(Number(first ?? 1) * Number(second ?? 1), maxCount);
  const name = find ?? motion ?? object ?? 'line';
  const isTextObject = object !== undefined;
  return { kind: 'operator', operator: operator as Operator, name, argument, count, isTextObject };
}

/** Where a motion leads. */
interface Destination {
  readonly offset: number;
  /** An operator takes the character there as well. */
  readonly isInclusive?: boolean;
  /** An operator takes whole lines. */
  readonly isLinewise?: boolean;
}

export interface Motion {
  (text: string, cursor: number, count: number): Destination | undefined;
  /** Of a search for a character. */
  reversed?: Motion;
}

/** The motion of this name; undefined for none. */
export function motionOf(name: string, argument: string): Motion | undefined {
  if (!/^[fFtT]$/.test(name)) return motions[name];
  const motion = findMotion(argument, name === 'F' || name === 'T', /[tT]/.test(name));
  motion.reversed = findMotion(argument, name === 'f' || name === 't', /[tT]/.test(name));
  return motion;
}

function findMotion(character: string, backward: boolean, till: boolean): Motion {
  return (text, cursor, count) => {
    let offset: number | undefined = cursor;
    for (let left = count; left > 0 && offset !== undefined; left--) {
      offset = findInLine(text, offset, { character, backward, till: till && left === 1 });
    }
    return offset === undefined ? undefined : { offset, isInclusive: !backward };
  };
}

/** Goes step by step, as far as it can. */
function steps(step: (text: string, offset: number) => number): Motion {
  return (text, cursor, count) => {
    let offset = cursor;
    for (let left = count; left > 0; left--) {
      const next = step(text, offset);
      if (next === offset) break;
      offset = next;
    }
    return { offset };
  };
}

/** Whole lines, up or down; undefined when there is no such line. */
function lines(step: (text: string, offset: number) => number | undefined): Motion {
  return (text, cursor, count) => {
    let offset: number | undefined = cursor;
    for (let left = count; left > 0 && offset !== undefined; left--) offset = step(text, offset);
    return offset === undefined ? undefined : { offset, isLinewise: true };
  };
}

function inclusive(motion: Motion): Motion {
  return (text, cursor, count) => {
    const to = motion(text, cursor, count);
    return to && { ...to, isInclusive: true };
  };
}

const left = steps((text, at) => Math.max(lineStart(text, at), previousOffset(text, at)));
const right = steps((text, at) => Math.min(lineEnd(text, at), nextOffset(text, at)));

const motions: Readonly<Record<string, Motion>> = {
  h: left,
  l: right,
  ' ': right,
  w: steps((text, at) => viWordForward(text, at, false)),
  W: steps((text, at) => viWordForward(text, at, true)),
  b: steps((text, at) => viWordBack(text, at, false)),
  B: steps((text, at) => viWordBack(text, at, true)),
  e: inclusive(steps((text, at) => viWordEnd(text, at, false))),
  E: inclusive(steps((text, at) => viWordEnd(text, at, true))),
  '0': (text, cursor) => ({ offset: lineStart(text, cursor) }),
  '^': (text, cursor) => ({ offset: firstNonBlank(text, cursor) }),
  $: (text, cursor) => ({ offset: lineEnd(text, cursor) }),
  '|': (text, cursor, count) => {
    const start = lineStart(text, cursor);
    return { offset: Math.min(lineEnd(text, cursor), start + Math.max(0, count - 1)) };
  },
  '%': (text, cursor) => {
    const offset = matchingBracket(text, cursor);
    return offset === undefined ? undefined : { offset, isInclusive: true };
  },
  j: lines(lineDown),
  k: lines(lineUp),
  gg: () => ({ offset: 0, isLinewise: true }),
  G: (text, _, count) => {
    const all = text.split('\n');
    const above = all.slice(0, Math.min(count === 0 ? all.length : count, all.length) - 1);
    const offset = above.reduce((sum, line) => sum + line.length + 1, 0);
    return { offset, isLinewise: true };
  },
};

/** What `iw`, `a"`, `i{` and those like them name. */
export function textObjectOf(name: string, text: string, cursor: number): TextRange | undefined {
  const isInner = name.startsWith('i');
  const what = name.charAt(1);
  switch (what) {
    case 'w':
    case 'W':
      return wordAround(text, cursor, what === 'W', isInner);
    case '"':
    case "'":
    case '`':
      return quotesAround(text, cursor, what, isInner);
    case '(':
    case ')':
    case 'b':
      return bracketsAround(text, cursor, ['(', ')'], isInner);
    case '[':
    case ']':
      return bracketsAround(text, cursor, ['[', ']'], isInner);
    default:
      return bracketsAround(text, cursor, ['{', '}'], isInner);
  }
}
