const backslash = 92;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
};
/** `\u` and four digits. */
const unicodeChars = 6;

/**
 * Reads JSON text that comes in pieces as what its strings say: an escape is the one character that it stands
 * for, which no match can then cut in two. Knows where in the text each character was written.
 */
export class JsonText {
  /** Characters read so far. */
  length = 0;
  /** Where each character that is not forgotten begins, and how many are. */
  #starts: number[] = [];
  #forgotten = 0;
  /** Of the text as it is written. */
  #written = 0;
  /** An escape that is not whole yet. */
  #pending = '';

  /** Gives what a piece adds. */
  push(piece: string): string {
    const text = this.#pending + piece;
    const from = this.#written - this.#pending.length;
    this.#written += piece.length;
    this.#pending = '';
    if (!text.includes('\\')) return this.#add(text, from);
    let read = '';
    for (let at = 0; at < text.length; ) {
      const size = text.charCodeAt(at) === backslash ? escapeSize(text, at) : 1;
      if (at + size > text.length) {
        this.#pending = text.slice(at);
        break;
      }
      read += this.#add(
        size === 1 ? text.charAt(at) : unescaped(text.slice(at, at + size)),
        from + at,
      );
      at += size;
    }
    return read;
  }

  /** The text has ended; gives what was half an escape, as it is written. */
  end(): string {
    const left = this.#pending;
    this.#pending = '';
    return this.#add(left, this.#written - left.length);
  }

  /** Where the character of this number is written; of the one after the last, where it will be. */
  writtenAt(index: number): number {
    return this.#starts[index - this.#forgotten] ?? this.#written - this.#pending.length;
  }

  /** Places before this character are not asked for any more. */
  forget(before: number): void {
    this.#starts.splice(0, before - this.#forgotten);
    this.#forgotten = before;
  }

  #add(text: string, from: number): string {
    for (let at = 0; at < text.length; at++) this.#starts.push(from + at);
    this.length += text.length;
    return text;
  }
}

/** How many characters the escape takes that begins here; one more than there are where that is not known. */
function escapeSize(text: string, at: number): number {
  const kind = text.charAt(at + 1);
  return kind === 'u' ? unicodeChars : 2;
}

function unescaped(written: string): string {
  const kind = written.charAt(1);
  if (kind !== 'u') return escapes[kind] ?? kind;
  const unit = Number.parseInt(written.slice(2), 16);
  // What is no escape after all is one character all the same: nothing but a match may part it.
  return Number.isNaN(unit) ? '\ufffd' : String.fromCharCode(unit);
}
