import { type AnswerHead, checkFields, readHead } from './answer-head.ts';
import { BlockReader, maxHeadBytes, tooLarge } from './block-reader.ts';
import { badAnswer } from './http-fault.ts';

/** Hears of one answer, in order: its head, bytes of its body, its end. */
export interface AnswerSink {
  onHead(head: AnswerHead): void;
  /** Some bytes, never none. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/** The longest line that tells the size of a chunk, with its extensions, in bytes. */
const maxSizeLine = 1_024;
/** The largest trailer section, in bytes. */
const maxTrailerBytes = 16 * 1024;
/** How many digits a chunk's size may have; more would be no safe integer. */
const maxSizeDigits = 13;

const emptyLine = '\r\n\r\n';
const lineFeed = 10;
const carriageReturn = 13;
const semicolon = 59;

type State =
  | 'head'
  | 'length'
  | 'close'
  /** Of a chunk: digits, what may stand behind them, the line's LF, its bytes, their CR and LF. */
  | 'size'
  | 'extension'
  | 'size-feed'
  | 'data'
  | 'data-return'
  | 'data-feed'
  | 'trailers'
  | 'done';

/**
 * Reads answers of HTTP/1.1 (RFC 9112) from bytes that come in any pieces, one at a time: `begin`,
 * then `push` until `isDone`. Strict: whatever leaves a doubt where the answer ends is an error,
 * after which the connection is of no use.
 */
export class AnswerParser {
  readonly #block = new BlockReader();
  #sink: AnswerSink | undefined;
  #method = '';
  #state: State = 'done';
  #head: AnswerHead | undefined;
  /** Bytes of heads up to now, interim ones included. */
  #headBytes = 0;
  /** Of the body, or of the chunk. */
  #left = 0;
  #digits = 0;
  #lineBytes = 0;

  /** The answer has come to its end. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Whether the answer lets its connection carry another one. */
  get keepsAlive(): boolean {
    return this.#head?.keepsAlive === true;
  }

  /** How long the server says that it keeps the connection open, in milliseconds. */
  get idleMs(): number | undefined {
    return this.#head?.idleMs;
  }

  /** The next bytes are the answer to a request of this method. */
  begin(method: string, sink: AnswerSink): void {
    this.#sink = sink;
    this.#method = method;
    this.#state = 'head';
    this.#head = undefined;
    this.#headBytes = 0;
    this.#block.clear();
  }

  /**
   * Takes bytes, which it may move about and hand on: they are its own. Gives how many of them
   * belong to the answer. Throws HttpFault.
   */
  push(bytes: Buffer): number {
    let at = 0;
    while (this.#state === 'head') {
      at = this.#pushHead(bytes, at);
      if (at === bytes.length) return at;
    }
    switch (this.#state) {
      case 'done':
        return at;
      case 'length':
        return this.#pushLength(bytes, at);
      case 'close':
        this.#sink?.onBody(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      default:
        return this.#pushChunks(bytes, at);
    }
  }

  /** The connection has ended in good order: for some answers that is how they end. */
  end(): void {
    if (this.#state === 'close') this.#finish();
  }

  #pushHead(bytes: Buffer, at: number): number {
    const room = maxHeadBytes - this.#headBytes;
    let text: string;
    let next: number;
    const end = this.#block.isHolding ? -1 : bytes.indexOf(emptyLine, at);
    if (end >= 0) {
      if (end - at > room) throw tooLarge(maxHeadBytes);
      text = bytes.toString('latin1', at, end + 2);
      next = end + emptyLine.length;
    } else {
      next = this.#block.push(bytes, at, room);
      if (next < 0) return bytes.length;
      text = this.#block.take();
    }
    this.#headBytes += text.length;
    this.#begun(readHead(text, this.#method));
    return next;
  }

  #begun(head: AnswerHead): void {
    if (head.status === 101) throw badAnswer('it changes to a protocol that nobody asked for');
    // An interim answer: the head of the real one follows.
    if (head.status < 200) return;
    this.#head = head;
    this.#sink?.onHead(head);
    const { framing } = head;
    switch (framing.kind) {
      case 'none':
        this.#finish();
        return;
      case 'length':
        this.#left = framing.bytes;
        this.#state = 'length';
        if (framing.bytes === 0) this.#finish();
        return;
      case 'chunked':
        this.#beginChunk();
        return;
      case 'close':
        this.#state = 'close';
    }
  }

  #pushLength(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#sink?.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0) this.#finish();
    return end;
  }

  /** The chunks of one piece are moved together, over what stands between them, and told as one. */
  #pushChunks(bytes: Buffer, from: number): number {
    let at = from;
    let filled = from;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#left);
        if (filled !== at) bytes.copyWithin(filled, at, end);
        filled += end - at;
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'data-return';
      } else if (this.#state === 'trailers') {
        at = this.#pushTrailers(bytes, at);
      } else {
        this.#pushByte(bytes[at++] as number);
      }
    }
    if (filled > from) this.#sink?.onBody(bytes.subarray(from, filled));
    if (this.#state === 'done') this.#finish();
    return at;
  }

  /** A byte of what stands between chunks. */
  #pushByte(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#pushDigit(byte);
        return;
      case 'extension':
        if (byte === carriageReturn) this.#state = 'size-feed';
        else if (!isFieldText(byte)) throw badAnswer('a control character behind a chunk size');
        else if (++this.#lineBytes > maxSizeLine) throw badAnswer('too much behind a chunk size');
        return;
      case 'size-feed':
        expect(byte, lineFeed);
        if (this.#left === 0) {
          this.#state = 'trailers';
          this.#block.seed('\r\n');
        } else this.#state = 'data';
        return;
      case 'data-return':
        expect(byte, carriageReturn);
        this.#state = 'data-feed';
        return;
      default:
        expect(byte, lineFeed);
        this.#beginChunk();
    }
  }

  #beginChunk(): void {
    this.#state = 'size';
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  #pushDigit(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > maxSizeDigits) throw badAnswer('a chunk size of too many digits');
      this.#left = this.#left * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw badAnswer('a chunk without a size');
    if (byte === carriageReturn) this.#state = 'size-feed';
    else if (byte === semicolon || byte === 32 || byte === 9) this.#state = 'extension';
    else throw badAnswer('a chunk size that is no number');
  }

  /** Trailers are read to find the end of the answer; nobody is told of them. */
  #pushTrailers(bytes: Buffer, at: number): number {
    const next = this.#block.push(bytes, at, maxTrailerBytes);
    if (next < 0) return bytes.length;
    checkFields(this.#block.take(), 2);
    this.#state = 'done';
    return next;
  }

  #finish(): void {
    const sink = this.#sink;
    this.#state = 'done';
    this.#sink = undefined;
    sink?.onEnd();
  }
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw badAnswer('a chunk that does not end where its size says');
}

function isFieldText(byte: number): boolean {
  return byte === 9 || (byte >= 32 && byte !== 127);
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
