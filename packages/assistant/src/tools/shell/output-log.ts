import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface OutputLogOptions {
  /** Where all of it goes once it is too long to be kept. */
  readonly path: string;
  /** Bytes kept of the beginning, and as many of the end. */
  readonly keptBytes: number;
  /** Bytes that go into the file at most. */
  readonly maxFileBytes: number;
}

/** Output of a command: its beginning and its end, and all of it in a file where that is not all. */
export class OutputLog {
  readonly #options: OutputLogOptions;
  readonly #head: Uint8Array[] = [];
  readonly #tail: Uint8Array[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #total = 0;
  #file: Bun.FileSink | undefined;
  #fileBytes = 0;
  #fileFault: string | undefined;

  constructor(options: OutputLogOptions) {
    this.#options = options;
  }

  /** Bytes so far. */
  get total(): number {
    return this.#total;
  }

  /** Takes the next bytes, which stay as they are. Resolves when the disk has them too, where it gets them. */
  async add(chunk: Uint8Array): Promise<void> {
    const { keptBytes } = this.#options;
    this.#total += chunk.length;
    const isOver = this.#total > 2 * keptBytes;
    if (isOver && this.#file === undefined && this.#fileFault === undefined) await this.#open();
    const room = Math.min(keptBytes - this.#headBytes, chunk.length);
    if (room > 0) this.#head.push(chunk.subarray(0, room));
    if (room < chunk.length) this.#tail.push(chunk.subarray(room));
    this.#headBytes += room;
    this.#tailBytes += chunk.length - room;
    if (isOver) await this.#write([chunk]);
    for (let first = this.#tail[0]; first !== undefined; first = this.#tail[0]) {
      if (this.#tailBytes - first.length < keptBytes) break;
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  /** Nothing more comes. */
  async end(): Promise<void> {
    await Promise.resolve(this.#file?.end()).catch(() => {});
  }

  /**
   * The output as text, without the escape sequences of terminals, and lines as they were last written
   * over. `shownPath` is what the file is called where the text is read.
   */
  text(shownPath: string): string {
    const { keptBytes } = this.#options;
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#total <= 2 * keptBytes) return plainText(Buffer.concat([head, tail]));
    const last = tail.subarray(-keptBytes);
    const left = this.#total - head.length - last.length;
    const note = `[… ${left} of ${this.#total} bytes are left out here${this.#whereAll(shownPath)} …]`;
    return `${plainText(head)}\n${note}\n${plainText(last)}`;
  }

  #whereAll(shownPath: string): string {
    if (this.#fileFault !== undefined) return ` (${this.#fileFault})`;
    const isCut = this.#fileBytes < this.#total;
    return isCut
      ? `; the first ${this.#fileBytes} bytes are in ${shownPath}`
      : `; all of them are in ${shownPath}`;
  }

  async #open(): Promise<void> {
    const { path } = this.#options;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      this.#file = Bun.file(path).writer();
      await this.#write([...this.#head, ...this.#tail]);
    } catch (error) {
      this.#lose(error);
    }
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      for (const chunk of chunks) {
        const room = chunk.subarray(0, Math.max(0, this.#options.maxFileBytes - this.#fileBytes));
        if (room.length > 0) this.#file?.write(room);
        this.#fileBytes += room.length;
      }
      await this.#file?.flush();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** The disk is full, or the like: what is kept in memory is all there is then. */
  #lose(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    this.#fileFault = `they could not be kept: ${code ?? 'the file cannot be written'}`;
    this.#file = undefined;
  }
}

/** Bytes of a terminal as text for a reader. Broken UTF-8 becomes U+FFFD. */
export function plainText(bytes: Uint8Array): string {
  const text = Bun.stripANSI(new TextDecoder().decode(bytes)).replaceAll('\r\n', '\n');
  return text.replace(/[^\n]*\r(?=[^\n])/g, '').replaceAll(controls, '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const controls = /[\u0000-\u0008\u000B-\u001F\u007F]/g;
