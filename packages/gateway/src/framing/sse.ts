import type { Frame } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';

/** The largest record of a stream that is read, in characters. */
export const maxFrameChars = 16 * 1024 * 1024;

/**
 * Cuts server-sent events out of bytes that may be chunked anywhere, inside a UTF-8 sequence or a
 * `\r\n` too. One per stream. Source: WHATWG HTML, section 9.2.6, "Interpreting an event stream".
 */
export class SseParser {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  #text = '';
  #event = '';
  #data: string | undefined;
  /** The last chunk ended in `\r`: a `\n` that begins the next belongs to it. */
  #afterReturn = false;

  push(bytes: Uint8Array): Frame[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What is left at the end; an event without its blank line is given too, vendors forget it. */
  end(): Frame[] {
    const frames = this.#take(this.#decoder.decode());
    if (this.#text) this.#line(this.#text, 0, this.#text.length, frames);
    this.#text = '';
    this.#line('', 0, 0, frames);
    return frames;
  }

  #take(added: string): Frame[] {
    const frames: Frame[] = [];
    let start = 0;
    if (this.#afterReturn && added !== '') {
      if (added.charCodeAt(0) === 10) start = 1;
      this.#afterReturn = false;
    }
    // Only what is new is searched, and once: neither small chunks nor short lines cost more.
    let feed = added.indexOf('\n', start);
    let lastReturn = added.indexOf('\r', start);
    while (feed >= 0 || lastReturn >= 0) {
      const isReturn = feed < 0 || (lastReturn >= 0 && lastReturn < feed);
      const end = isReturn ? lastReturn : feed;
      if (this.#text === '') this.#line(added, start, end, frames);
      else {
        const line = this.#text + added.slice(start, end);
        this.#text = '';
        this.#line(line, 0, line.length, frames);
      }
      start = end + 1;
      if (isReturn) {
        if (start === added.length) this.#afterReturn = true;
        else if (feed === start) start++;
        lastReturn = added.indexOf('\r', start);
      }
      if (feed >= 0 && feed < start) feed = added.indexOf('\n', start);
    }
    this.#text += added.slice(start);
    if (this.#text.length + (this.#data?.length ?? 0) > maxFrameChars) {
      throw apiError('data_loss', `a record of the stream is over ${maxFrameChars} characters`);
    }
    return frames;
  }

  /** Takes the line that stands in `text` from `start` to before `end`. */
  #line(text: string, start: number, end: number, frames: Frame[]): void {
    if (start === end) {
      if (this.#data !== undefined) frames.push({ event: this.#event, data: this.#data });
      this.#event = '';
      this.#data = undefined;
      return;
    }
    // Nearly all lines are data, and what is not cut out need not be copied.
    if (text.startsWith('data:', start)) {
      const value = valueIn(text, start + 4, end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      return;
    }
    const line = text.slice(start, end);
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field === 'event') this.#event = colon < 0 ? '' : valueIn(line, colon, line.length);
    else if (field === 'data') this.#data = this.#data === undefined ? '' : `${this.#data}\n`;
  }
}

/** What stands after a colon, without the one space that may follow it. */
function valueIn(text: string, colon: number, end: number): string {
  return text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1, end);
}
