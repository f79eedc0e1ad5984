import { type CharSet, wordChars } from './char-set.ts';
import type { Assertion, PatternNode } from './parse-pattern.ts';
import { compileProgram, type Program } from './program.ts';

/** A place that patterns fit, from `start` to before `end`, and which. */
export interface Fit {
  readonly end: number;
  readonly pattern: number;
}

/** How far a try at one place has come. */
export type Verdict =
  /** More text would make no difference. */
  | 'decided'
  /** The text ended while a match could still begin here or grow. */
  | 'open';

/** A state: the steps that are waited at, and the class of the character before. */
interface State {
  readonly steps: readonly number[];
  readonly before: number;
}

/** So many states are kept of what was read; then it is begun anew. */
const maxStates = 4_000;

/**
 * Finds where patterns begin and how far they fit, by a machine with one state at a time that is built
 * as texts need it, so that each character costs one look-up whatever the patterns are. A try reads
 * at most `maxChars` characters, which is the longest match there is.
 */
export class Matcher {
  readonly maxChars: number;
  /** Stands for what is before the first character. */
  readonly textStart: number;
  readonly classOf: Uint16Array;
  readonly #program: Program;
  /** The class of what is after the last character. */
  readonly #textEnd: number;
  readonly #stride: number;
  #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  /** By state and class: twice the next state, and 1 more where patterns fit before that class. -1: not known. */
  #next = new Int32Array(0);
  /** What fits, by the same index. */
  readonly #fits = new Map<number, readonly number[]>();
  /** The state to begin in, by the class before. */
  readonly #starts: Int32Array;
  /** For each class the first that no assertion tells from it when it comes before. */
  readonly #alike: readonly number[];

  constructor(patterns: readonly PatternNode[], maxChars: number) {
    this.maxChars = maxChars;
    this.#program = compileProgram(patterns);
    this.classOf = this.#program.classOf;
    this.#textEnd = this.#program.classes;
    this.textStart = this.#program.classes;
    this.#stride = this.#program.classes + 1;
    this.#starts = new Int32Array(this.#stride);
    this.#alike = this.#alikeBefore();
    this.#forget();
  }

  /**
   * The first place from `from` on where a pattern may fit; the text's length where there is none. Passes
   * places where none does without a call for each.
   */
  nextStart(text: string, from: number, before: number): number {
    const { classOf, maxChars } = this;
    const starts = this.#starts;
    const next = this.#next;
    const stride = this.#stride;
    const { length } = text;
    let previous = before;
    for (let at = from; at < length; at++) {
      const unit = classOf[text.charCodeAt(at)] as number;
      let state = starts[previous] as number;
      // What was not read before, what fits and where the text ends is for `try`.
      if (state < 0) return at;
      let ahead = at;
      let step = next[state * stride + unit] as number;
      while (step > 1 && (step & 1) === 0) {
        ahead++;
        if (ahead >= length || ahead - at >= maxChars) return at;
        state = step >> 1;
        step = next[state * stride + (classOf[text.charCodeAt(ahead)] as number)] as number;
      }
      if (step !== 0) return at;
      previous = unit;
    }
    return length;
  }

  /**
   * Tries at one place; adds to `fits` every end at which a pattern fits, the longest last. `isEnd`: no
   * text follows.
   */
  try(text: string, from: number, before: number, isEnd: boolean, fits: Fit[]): Verdict {
    if (this.#states.length > maxStates) this.#forget();
    const { classOf, maxChars } = this;
    const stride = this.#stride;
    let state = this.#start(before);
    for (let at = from; at < text.length; at++) {
      const unit = classOf[text.charCodeAt(at)] as number;
      let next = this.#next[state * stride + unit] as number;
      if (next < 0) next = this.#step(state, unit);
      if ((next & 1) === 1) this.#add(state, unit, at, fits);
      if (next <= 1 || at - from >= maxChars) return 'decided';
      state = next >> 1;
    }
    if (!isEnd) return 'open';
    const last = this.#step(state, this.#textEnd);
    if ((last & 1) === 1) this.#add(state, this.#textEnd, text.length, fits);
    return 'decided';
  }

  #add(state: number, unit: number, end: number, fits: Fit[]): void {
    for (const pattern of this.#fits.get(state * this.#stride + unit) ?? []) {
      fits.push({ end, pattern });
    }
  }

  #forget(): void {
    this.#states = [];
    this.#numbers.clear();
    this.#fits.clear();
    this.#next = new Int32Array(64 * this.#stride).fill(-1);
    this.#starts.fill(-1);
    // The state from which nothing fits any more has the number 0.
    this.#number({ steps: [], before: 0 });
  }

  #start(before: number): number {
    const known = this.#starts[before] as number;
    if (known >= 0) return known;
    const steps = new Set<number>();
    for (const start of this.#program.starts) this.#follow(start, steps);
    const alike = this.#alike[before] ?? before;
    const number = this.#number({ steps: [...steps].sort((x, y) => x - y), before: alike });
    this.#starts[before] = number;
    return number;
  }

  #alikeBefore(): number[] {
    const { classes, steps } = this.#program;
    const asked = new Set<CharSet>([wordChars]);
    for (const step of steps) {
      if (step.type === 'assert' && step.assertion.kind === 'not-after')
        asked.add(step.assertion.set);
    }
    const first = new Map<string, number>();
    return Array.from({ length: classes + 1 }, (_, unit) => {
      const profile = [...asked].map((set) => (this.#isIn(set, unit) ? 1 : 0)).join('');
      const key = unit === this.textStart ? 'start' : profile;
      const known = first.get(key) ?? unit;
      first.set(key, known);
      return known;
    });
  }

  /** Reads a class in a state, or the text's end; gives and remembers what comes of it. */
  #step(number: number, unit: number): number {
    const index = number * this.#stride + unit;
    const known = this.#next[index] as number;
    if (known >= 0) return known;
    const state = this.#states[number] as State;
    const here = this.#passAssertions(state, unit);
    const next = new Set<number>();
    const accepted: number[] = [];
    for (const at of here) {
      const step = this.#program.steps[at];
      if (step?.type === 'accept') accepted.push(step.pattern);
      else if (step?.type === 'read' && this.#isIn(step.set, unit)) {
        this.#follow(step.to, next);
      }
    }
    const before = this.#alike[unit] ?? unit;
    const target = this.#number({ steps: [...next].sort((a, b) => a - b), before });
    if (accepted.length > 0) this.#fits.set(index, accepted);
    const result = target * 2 + (accepted.length > 0 ? 1 : 0);
    this.#next[index] = result;
    return result;
  }

  /** The steps of a state with those behind assertions that hold before this class. */
  #passAssertions({ before, steps }: State, unit: number): Set<number> {
    const here = new Set(steps);
    for (const at of here) {
      const step = this.#program.steps[at];
      if (step?.type === 'assert' && this.#holds(step.assertion, before, unit)) {
        this.#follow(step.to, here);
      }
    }
    return here;
  }

  #holds(assertion: Assertion, before: number, after: number): boolean {
    switch (assertion.kind) {
      case 'start':
        return before === this.textStart;
      case 'end':
        return after === this.#textEnd;
      case 'word-boundary':
        return this.#isIn(wordChars, before) !== this.#isIn(wordChars, after);
      case 'no-word-boundary':
        return this.#isIn(wordChars, before) === this.#isIn(wordChars, after);
      case 'not-before':
        return !this.#isIn(assertion.set, after);
      case 'not-after':
        return !this.#isIn(assertion.set, before);
    }
  }

  /** What is beyond the text is in no set. */
  #isIn(set: CharSet, unit: number): boolean {
    return this.#program.members.get(set)?.[unit] === 1;
  }

  /** Adds a step, with all that are reached from it without reading or asking anything. */
  #follow(from: number, into: Set<number>): void {
    const waiting = [from];
    const forks = new Set<number>();
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const step = this.#program.steps[at];
      if (step?.type !== 'fork') into.add(at);
      else if (!forks.has(at)) {
        forks.add(at);
        waiting.push(step.or, step.to);
      }
    }
  }

  #number(state: State): number {
    const asks = state.steps.some((at) => this.#program.steps[at]?.type === 'assert');
    const key = `${asks ? state.before : ''}:${state.steps.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.push(state) - 1;
    this.#numbers.set(key, number);
    const needed = this.#states.length * this.#stride;
    if (needed > this.#next.length) {
      const larger = new Int32Array(needed * 2).fill(-1);
      larger.set(this.#next);
      this.#next = larger;
    }
    // The state 0 stays what it is.
    if (number === 0) this.#next.fill(0, 0, this.#stride);
    return number;
  }
}
