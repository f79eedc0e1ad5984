import type { EditActions, Outcome } from './edit-actions.ts';
import { firstNonBlank, lineEnd, lineStart, type TextRange } from './motions.ts';
import { nextOffset, previousOffset } from './text-width.ts';
import type { Operator } from './vi-grammar.ts';

/** `insert` leads to writing. */
type Result = Outcome | 'insert' | undefined;

type Command = (actions: EditActions, count: number, argument: string) => Result;

/**
 * Deletes, changes or yanks a range. What is cut by lines ends in a line break, by which `p` knows it.
 */
export function applyOperator(
  operator: Operator,
  { range: [from, to], isLinewise }: { readonly range: TextRange; readonly isLinewise: boolean },
  { buffer, kills }: EditActions,
): Result {
  const { text } = buffer;
  kills.add(isLinewise ? `${text.slice(from, to)}\n` : text.slice(from, to));
  if (operator === 'y') {
    buffer.moveTo(from);
    return undefined;
  }
  if (operator === 'c') {
    buffer.remove(from, to);
    return 'insert';
  }
  if (!isLinewise) {
    buffer.remove(from, to);
    return undefined;
  }
  // With the line goes its break, that of the last line before it.
  if (to < text.length) buffer.remove(from, to + 1);
  else buffer.remove(Math.max(0, from - 1), to);
  buffer.moveTo(firstNonBlank(buffer.text, buffer.cursor));
  return undefined;
}

function cut(actions: EditActions, from: number, to: number): void {
  if (from === to) return;
  actions.kills.add(actions.buffer.remove(from, to));
}

function charactersRight(text: string, cursor: number, count: number): number {
  let to = cursor;
  for (let left = count; left > 0 && to < lineEnd(text, cursor); left--) to = nextOffset(text, to);
  return to;
}

function put(actions: EditActions, count: number, where: 'before' | 'behind'): void {
  const { buffer, kills } = actions;
  const { text, cursor } = buffer;
  const what = kills.last.repeat(Math.min(count, maxPuts));
  if (what === '') return;
  if (!kills.last.endsWith('\n')) {
    const isEmptyLine = lineStart(text, cursor) === lineEnd(text, cursor);
    buffer.moveTo(where === 'before' || isEmptyLine ? cursor : nextOffset(text, cursor));
    buffer.insert(what);
    buffer.moveTo(previousOffset(buffer.text, buffer.cursor));
    return;
  }
  const at = where === 'before' ? lineStart(text, cursor) : lineEnd(text, cursor);
  const lines = where === 'before' ? what : `\n${what.slice(0, -1)}`;
  buffer.replace(at, at, lines);
  buffer.moveTo(firstNonBlank(buffer.text, where === 'before' ? at : at + 1));
}

/** What is put at once. */
const maxPuts = 100;

/** Commands of one key, and `r` with its character. */
export const simpleCommands: Readonly<Record<string, Command>> = {
  i: () => 'insert',
  I: ({ buffer }) => {
    buffer.moveTo(firstNonBlank(buffer.text, buffer.cursor));
    return 'insert';
  },
  a: ({ buffer }) => {
    const { text, cursor } = buffer;
    buffer.moveTo(cursor === lineEnd(text, cursor) ? cursor : nextOffset(text, cursor));
    return 'insert';
  },
  A: ({ buffer }) => {
    buffer.moveTo(lineEnd(buffer.text, buffer.cursor));
    return 'insert';
  },
  o: ({ buffer }) => {
    const end = lineEnd(buffer.text, buffer.cursor);
    buffer.replace(end, end, '\n');
    return 'insert';
  },
  O: ({ buffer }) => {
    const start = lineStart(buffer.text, buffer.cursor);
    buffer.replace(start, start, '\n');
    buffer.moveTo(start);
    return 'insert';
  },
  x: (actions, count) => {
    const { text, cursor } = actions.buffer;
    cut(actions, cursor, charactersRight(text, cursor, count));
    return undefined;
  },
  X: (actions, count) => {
    const { text, cursor } = actions.buffer;
    let from = cursor;
    for (let left = count; left > 0 && from > lineStart(text, cursor); left--) {
      from = previousOffset(text, from);
    }
    cut(actions, from, cursor);
    return undefined;
  },
  s: (actions, count) => {
    const { text, cursor } = actions.buffer;
    cut(actions, cursor, charactersRight(text, cursor, count));
    return 'insert';
  },
  S: (actions) => {
    const { text, cursor } = actions.buffer;
    cut(actions, lineStart(text, cursor), lineEnd(text, cursor));
    return 'insert';
  },
  D: (actions) => {
    const { text, cursor } = actions.buffer;
    cut(actions, cursor, lineEnd(text, cursor));
    return undefined;
  },
  C: (actions) => {
    const { text, cursor } = actions.buffer;
    cut(actions, cursor, lineEnd(text, cursor));
    return 'insert';
  },
  Y: ({ buffer, kills }) => {
    const { text, cursor } = buffer;
    kills.add(`${text.slice(lineStart(text, cursor), lineEnd(text, cursor))}\n`);
    return undefined;
  },
  p: (actions, count) => void put(actions, count, 'behind'),
  P: (actions, count) => void put(actions, count, 'before'),
  u: ({ buffer }, count) => {
    for (let left = count; left > 0 && buffer.undo(); left--);
    return undefined;
  },
  r: ({ buffer }, count, argument) => {
    const { text, cursor } = buffer;
    const to = charactersRight(text, cursor, count);
    if (to - cursor < count) return undefined;
    buffer.replace(cursor, to, argument.repeat(count));
    buffer.moveTo(previousOffset(buffer.text, buffer.cursor));
    return undefined;
  },
  '~': ({ buffer }, count) => {
    const { text, cursor } = buffer;
    const to = charactersRight(text, cursor, count);
    const swapped = [...text.slice(cursor, to)].map((character) =>
      character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase(),
    );
    buffer.replace(cursor, to, swapped.join(''));
    return undefined;
  },
  J: ({ buffer }) => {
    const { text, cursor } = buffer;
    const end = lineEnd(text, cursor);
    if (end === text.length) return undefined;
    buffer.replace(end, firstNonBlank(text, end + 1), ' ');
    buffer.moveTo(end);
    return undefined;
  },
  '/': () => 'search',
};
