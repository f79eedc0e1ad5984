import type { EditActions, KeyMap, Outcome } from './edit-actions.ts';
import type { Key } from './key-parser.ts';
import { lineDown, lineEnd, lineStart, lineUp, wordLeft, wordRight } from './motions.ts';
import { nextOffset, previousOffset } from './text-width.ts';

/** The keys of emacs, as GNU readline has them. */
export function emacsKeys(): KeyMap {
  return {
    cursor: 'default',
    begin() {},
    handle(key, actions) {
      const outcome = handleKey(key, actions);
      actions.previous = kills.has(key.name) ? 'kill' : yanks.has(key.name) ? 'yank' : 'other';
      return outcome;
    },
  };
}

/** What all ways to edit do with a key while text is written. */
export function handleKey(key: Key, actions: EditActions): Outcome {
  if (key.name === 'paste') {
    actions.paste(key.text);
    return 'done';
  }
  if (key.text !== '') {
    actions.type(key.text);
    return 'done';
  }
  // Meta makes no difference between large letters and small ones.
  const name = key.name.toLowerCase();
  return (Object.hasOwn(bindings, name) && bindings[name]?.(actions)) || 'unbound';
}

const kills = new Set(['ctrl-k', 'ctrl-u', 'ctrl-w', 'meta-d', 'meta-backspace', 'meta-ctrl-h']);
const yanks = new Set(['ctrl-y', 'meta-y']);

type Binding = (actions: EditActions) => Outcome;

/** Moves the cursor to where the text says. */
function move(to: (text: string, cursor: number) => number): Binding {
  return ({ buffer }) => {
    buffer.moveTo(to(buffer.text, buffer.cursor));
    return 'done';
  };
}

/** Cuts from the cursor to where the text says. */
function kill(to: (text: string, cursor: number) => number): Binding {
  return (actions) => {
    const { text, cursor } = actions.buffer;
    actions.killTo(to(text, cursor));
    return 'done';
  };
}

/** Removes without keeping. */
function remove(to: (text: string, cursor: number) => number): Binding {
  return ({ buffer }) => {
    buffer.remove(buffer.cursor, to(buffer.text, buffer.cursor));
    return 'done';
  };
}

function say(outcome: Outcome): Binding {
  return () => outcome;
}

/** To the end of the line, or the line break itself. */
function restOfLine(text: string, cursor: number): number {
  const end = lineEnd(text, cursor);
  return end === cursor ? nextOffset(text, cursor) : end;
}

function blankLeft(text: string, cursor: number): number {
  return cursor - (/\S*\s*$/.exec(text.slice(0, cursor))?.[0].length ?? 0);
}

const left = move(previousOffset);
const right = move(nextOffset);
const home = move(lineStart);
const end = move(lineEnd);
const backWord = move(wordLeft);
const forwardWord = move(wordRight);
const backspace = remove(previousOffset);

const up: Binding = ({ buffer }) => {
  const to = lineUp(buffer.text, buffer.cursor);
  if (to === undefined) return 'older';
  buffer.moveTo(to);
  return 'done';
};

const down: Binding = ({ buffer }) => {
  const to = lineDown(buffer.text, buffer.cursor);
  if (to === undefined) return 'newer';
  buffer.moveTo(to);
  return 'done';
};

const newLine: Binding = ({ buffer }) => {
  buffer.insert('\n');
  return 'done';
};

const undo: Binding = ({ buffer }) => {
  buffer.undo();
  return 'done';
};

const bindings: Readonly<Record<string, Binding>> = {
  enter: say('enter'),
  'ctrl-j': say('enter'),
  'meta-enter': newLine,
  'ctrl-c': say('interrupt'),
  'ctrl-d': (actions) => (actions.buffer.text === '' ? 'end' : remove(nextOffset)(actions)),
  'ctrl-l': say('clear-screen'),
  'ctrl-r': say('search'),
  tab: say('complete'),
  'shift-tab': say('complete-back'),
  left,
  right,
  'ctrl-b': left,
  'ctrl-f': right,
  home,
  end,
  'ctrl-a': home,
  'ctrl-e': end,
  up,
  down,
  'ctrl-p': up,
  'ctrl-n': down,
  'page-up': say('older'),
  'page-down': say('newer'),
  'meta-b': backWord,
  'meta-f': forwardWord,
  'ctrl-left': backWord,
  'ctrl-right': forwardWord,
  'meta-left': backWord,
  'meta-right': forwardWord,
  'meta-<': move(() => 0),
  'meta->': move((text) => text.length),
  backspace,
  'ctrl-h': backspace,
  delete: remove(nextOffset),
  'ctrl-k': kill(restOfLine),
  'ctrl-u': kill(lineStart),
  'ctrl-w': kill(blankLeft),
  'meta-backspace': kill(wordLeft),
  'meta-ctrl-h': kill(wordLeft),
  'meta-d': kill(wordRight),
  'ctrl-y': ({ buffer, kills: ring }) => {
    ring.rewind();
    buffer.insert(ring.current);
    return 'done';
  },
  'meta-y': ({ buffer, kills: ring, previous }) => {
    if (previous !== 'yank') return 'unbound';
    const { length } = ring.current;
    buffer.replace(buffer.cursor - length, buffer.cursor, ring.rotate());
    return 'done';
  },
  'ctrl-t': ({ buffer }) => {
    const { text } = buffer;
    const at =
      buffer.cursor === lineEnd(text, buffer.cursor)
        ? previousOffset(text, buffer.cursor)
        : buffer.cursor;
    const before = previousOffset(text, at);
    const after = nextOffset(text, at);
    buffer.replace(before, after, text.slice(at, after) + text.slice(before, at));
    return 'done';
  },
  'meta-u': changeWord((word) => word.toUpperCase()),
  'meta-l': changeWord((word) => word.toLowerCase()),
  'meta-c': changeWord((word) => word.toLowerCase().replace(/[\p{L}\p{N}]/u, upper)),
  'ctrl-_': undo,
};

function changeWord(change: (word: string) => string): Binding {
  return ({ buffer }) => {
    const to = wordRight(buffer.text, buffer.cursor);
    buffer.replace(buffer.cursor, to, change(buffer.text.slice(buffer.cursor, to)));
    return 'done';
  };
}

function upper(character: string): string {
  return character.toUpperCase();
}
