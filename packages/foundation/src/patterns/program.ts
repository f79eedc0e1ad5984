import { type CharSet, hasUnit, wordChars } from './char-set.ts';
import { type Assertion, PatternFault, type PatternNode } from './parse-pattern.ts';

/** A step of a machine that reads characters. `to` and `or` are the numbers of other steps. */
type Step =
  | { readonly type: 'read'; readonly set: CharSet; to: number }
  | { readonly type: 'fork'; to: number; or: number }
  | { readonly type: 'assert'; readonly assertion: Assertion; to: number }
  /** The pattern of this number has matched. */
  | { readonly type: 'accept'; readonly pattern: number };

/** Several patterns as one machine, over classes of characters that no pattern tells apart. */
export interface Program {
  readonly steps: readonly Step[];
  /** Where each pattern begins. */
  readonly starts: readonly number[];
  /** The class of every code unit. */
  readonly classOf: Uint16Array;
  readonly classes: number;
  /** Of every set that steps have, for each class whether it is in it. */
  readonly members: ReadonlyMap<CharSet, Uint8Array>;
}

/** The most steps that one pattern may take: counted repeats are written out. */
const maxStepsOfPattern = 5_000;

/**
 * Patterns as one machine. Source: K. Thompson, "Regular Expression Search Algorithm", 1968.
 * Throws {@link PatternFault} for a pattern that is too large, or that fits the empty text.
 */
export function compileProgram(patterns: readonly PatternNode[]): Program {
  const steps: Step[] = [];
  const starts = patterns.map((pattern, number) => {
    if (fitsEmpty(pattern)) throw new PatternFault('it fits the empty text, and so everywhere');
    const limit = steps.length + maxStepsOfPattern;
    const add = (step: Step) => {
      if (steps.length >= limit) {
        throw new PatternFault(`it is too large: counted repeats add up to ${maxStepsOfPattern}`);
      }
      return steps.push(step) - 1;
    };
    return write(pattern, add({ type: 'accept', pattern: number }), add, steps);
  });
  return { steps, starts, ...classesOf(steps) };
}

type Add = (step: Step) => number;

/** Writes what reads `node` and goes on at `next`; gives where it begins. */
function write(node: PatternNode, next: number, add: Add, steps: Step[]): number {
  switch (node.type) {
    case 'set':
      return add({ type: 'read', set: node.set, to: next });
    case 'assertion':
      return add({ type: 'assert', assertion: node.assertion, to: next });
    case 'sequence':
      return node.items.reduceRight((after, item) => write(item, after, add, steps), next);
    case 'choice': {
      const [first = next, ...others] = node.items.map((item) => write(item, next, add, steps));
      return others.reduce((or, to) => add({ type: 'fork', to, or }), first);
    }
    case 'repeat': {
      const { item, max, min } = node;
      let start = next;
      if (max === Number.POSITIVE_INFINITY) {
        const fork = add({ type: 'fork', to: next, or: next });
        const loop = steps[fork];
        if (loop?.type === 'fork') loop.to = write(item, fork, add, steps);
        start = fork;
      } else {
        for (let count = min; count < max; count++) {
          start = add({ type: 'fork', to: write(item, start, add, steps), or: next });
        }
      }
      for (let count = 0; count < min; count++) start = write(item, start, add, steps);
      return start;
    }
  }
}

function fitsEmpty(node: PatternNode): boolean {
  switch (node.type) {
    case 'set':
      return false;
    case 'assertion':
      return true;
    case 'sequence':
      return node.items.every(fitsEmpty);
    case 'choice':
      return node.items.some(fitsEmpty);
    case 'repeat':
      return node.min === 0 || fitsEmpty(node.item);
  }
}

function classesOf(steps: readonly Step[]): Pick<Program, 'classOf' | 'classes' | 'members'> {
  // A repeat that is written out has the same set in every step.
  const used = new Set<CharSet>([wordChars]);
  for (const step of steps) {
    if (step.type === 'read') used.add(step.set);
    else if (step.type === 'assert' && 'set' in step.assertion) used.add(step.assertion.set);
  }
  const sets = new Map([...used].map((set) => [JSON.stringify(set), set]));
  const all = [...sets.values()];
  const edges = new Set(all.flatMap((set) => set.flatMap(([first, last]) => [first, last + 1])));
  const bounds = [...new Set([0, ...edges])].filter((edge) => edge <= 0xffff).sort((a, b) => a - b);
  const classOf = new Uint16Array(0x1_0000);
  const numbers = new Map<string, number>();
  const samples: number[] = [];
  for (const [index, first] of bounds.entries()) {
    const membership = all.map((set) => (hasUnit(set, first) ? 1 : 0)).join('');
    const number = numbers.get(membership) ?? samples.push(first) - 1;
    numbers.set(membership, number);
    classOf.fill(number, first, bounds[index + 1] ?? 0x1_0000);
  }
  const members = new Map<CharSet, Uint8Array>();
  for (const set of used) {
    members.set(
      set,
      Uint8Array.from(samples, (unit) => (hasUnit(set, unit) ? 1 : 0)),
    );
  }
  return { classOf, classes: samples.length, members };
}
