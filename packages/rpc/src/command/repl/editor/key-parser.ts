/**
 * A key, or what was pasted. `name` is `a`, `ctrl-a`, `meta-b`, `enter`, `up`, `shift-tab`, `paste`, …;
 * `text` is what it writes where it stands for itself, else empty.
 */
export interface Key {
  readonly name: string;
  readonly text: string;
}

/** What a paste may have, in UTF-16 units. More is cut off. */
const maxPasteLength = 1024 * 1024;
/** A sequence that is longer is none. */
const maxSequenceLength = 32;

const escapeCharacter = '\u001b';
const pasteBegin = '\u001b[200~';
const pasteEnd = '\u001b[201~';

/**
 * Makes keys of what a terminal sends: texts, control characters, and the escapeCharacter sequences of xterm and
 * those like it (ECMA-48, ctlseqs). Pasted text is one key (bracketed paste).
 */
export class KeyParser {
  #rest = '';
  #paste: string | undefined;

  /** Whether it ends in what may be the beginning of a sequence: `flush` after a moment. */
  get isWaiting(): boolean {
    return this.#rest !== '' && this.#paste === undefined;
  }

  *push(text: string): Generator<Key> {
    this.#rest += text;
    while (this.#rest !== '') {
      const key = this.#paste === undefined ? this.#next() : this.#pasted();
      if (key === 'incomplete') return;
      if (key !== undefined) yield key;
    }
  }

  /** What waits is no beginning: an escapeCharacter is the key itself. */
  *flush(): Generator<Key> {
    const rest = this.#rest;
    if (this.#paste !== undefined || rest === '') return;
    this.#rest = '';
    yield named('escape');
    if (rest.length > 1) yield* this.push(rest.slice(1));
  }

  #next(): Key | undefined | 'incomplete' {
    const rest = this.#rest;
    if (rest.startsWith(pasteBegin)) {
      this.#take(pasteBegin.length);
      this.#paste = '';
      return undefined;
    }
    if (rest[0] !== escapeCharacter) return this.#plain('');
    if (rest.length === 1) return 'incomplete';
    const [sequence] = /^.(?:\[\[?|O)[0-?]*[ -/]*[@-~]/.exec(rest) ?? [];
    if (sequence !== undefined) {
      this.#take(sequence.length);
      return namedOf(sequence);
    }
    const isBegin = /^.(?:\[\[?|O)[0-?]*[ -/]*$/.test(rest);
    if (isBegin && rest.length <= maxSequenceLength) return 'incomplete';
    this.#take(1);
    // Two escapes: the first is the key itself, the second may begin something.
    return rest[1] === escapeCharacter ? named('escape') : this.#plain('meta-');
  }

  /** A character, or as many as were typed at once. */
  #plain(prefix: string): Key {
    const [character = ''] = this.#rest;
    this.#take(character.length);
    const name = controls[character] ?? controlName(character);
    if (name !== undefined) return named(prefix + name);
    return prefix === '' ? { name: character, text: character } : named(prefix + character);
  }

  #pasted(): Key | 'incomplete' {
    const end = this.#rest.indexOf(pasteEnd);
    if (end === -1) {
      // Its end may have come in part.
      const kept = this.#rest.lastIndexOf(escapeCharacter);
      const whole = kept === -1 || this.#rest.length - kept >= pasteEnd.length;
      const length = whole ? this.#rest.length : kept;
      this.#addPasted(this.#rest.slice(0, length));
      this.#take(length);
      return 'incomplete';
    }
    this.#addPasted(this.#rest.slice(0, end));
    this.#take(end + pasteEnd.length);
    const text = this.#paste ?? '';
    this.#paste = undefined;
    return { name: 'paste', text: text.replaceAll(/\r\n?/g, '\n') };
  }

  #addPasted(text: string): void {
    this.#paste = ((this.#paste ?? '') + text).slice(0, maxPasteLength);
  }

  #take(length: number): void {
    this.#rest = this.#rest.slice(length);
  }
}

const controls: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'ctrl-j',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'ctrl-h',
  '\u0000': 'ctrl-space',
  '\u001c': 'ctrl-\\',
  '\u001d': 'ctrl-]',
  '\u001e': 'ctrl-^',
  '\u001f': 'ctrl-_',
};

function controlName(character: string): string | undefined {
  const code = character.charCodeAt(0);
  return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : undefined;
}

/** By the last character of a sequence. */
const finals: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  Z: 'shift-tab',
  M: 'enter',
};

/** By the number before a tilde. */
const numbered: Readonly<Record<string, string>> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
};

/** Undefined for a key that nothing here is bound to. */
function namedOf(sequence: string): Key | undefined {
  const final = sequence.at(-1) ?? '';
  const [number = '', modifier = '1'] = sequence.slice(2, -1).split(';');
  const base = final === '~' ? numbered[number] : finals[final];
  if (base === undefined) return undefined;
  // 1 and a bit for each of shift, meta and control.
  const bits = Number(modifier) - 1;
  const prefix = `${bits & 4 ? 'ctrl-' : ''}${bits & 2 ? 'meta-' : ''}${bits & 1 ? 'shift-' : ''}`;
  return named(prefix + base);
}

function named(name: string): Key {
  return { name, text: '' };
}
