import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';

export interface MessageReaderOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Stands before a message, and before its further lines. */
  readonly prompts: { readonly first: string; readonly further: string };
  /** The terminal knows no control sequences: it marks no pastes, and lines are not drawn anew. */
  readonly dumb: boolean;
  /** Ctrl-C. */
  readonly onInterrupt: () => void;
}

/**
 * Reads messages that a person types at a terminal: a line each, or what is pasted at once together
 * with the line it ends in. Between two calls of `next` nothing is shown, so that an answer can be;
 * what is typed meanwhile is kept, and shown when its turn comes.
 */
export class MessageReader implements Disposable {
  readonly #options: MessageReaderOptions;
  readonly #screen: Screen;
  readonly #reader: Interface;
  readonly #ready: string[] = [];
  /** Lines of a paste that is not sent yet. */
  #pasted: string[] = [];
  #pasting = false;
  #closed = false;
  #wake: () => void = () => {};

  constructor(options: MessageReaderOptions) {
    const { stdin, stdout, prompts, dumb } = options;
    this.#options = options;
    this.#screen = new Screen(stdout);
    this.#reader = createInterface({
      input: stdin,
      output: this.#screen,
      terminal: true,
      prompt: prompts.first,
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    this.#reader.on('line', (line) => this.#takeLine(line));
    this.#reader.on('SIGINT', options.onInterrupt);
    this.#reader.on('close', () => this.#close());
    stdin.on('keypress', this.#onKey);
    if (!dumb) stdout.write(startMarkingPastes);
  }

  /** The next message; undefined after Ctrl-D, or when the signal is aborted. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    if (this.#ready.length > 0) return this.#typedBefore();
    if (this.#closed || signal.aborted) return undefined;
    const waiting = Promise.withResolvers<void>();
    this.#wake = waiting.resolve;
    signal.addEventListener('abort', this.#wake, { once: true });
    this.#screen.shown = true;
    this.#reader.prompt(true);
    if (this.#options.dumb) this.#screen.write(this.#reader.line);
    await waiting.promise;
    this.#screen.shown = false;
    signal.removeEventListener('abort', this.#wake);
    return this.#ready.shift();
  }

  [Symbol.dispose](): void {
    const { stdin, stdout, dumb } = this.#options;
    stdin.off('keypress', this.#onKey);
    if (!dumb) stdout.write(stopMarkingPastes);
    this.#reader.close();
  }

  #typedBefore(): string | undefined {
    const message = this.#ready.shift();
    const { stdout, prompts } = this.#options;
    stdout.write(`${prompts.first}${message?.replaceAll('\n', `\n${prompts.further}`)}\n`);
    return message;
  }

  readonly #onKey = (_text: string | undefined, key: { name?: string } | undefined): void => {
    if (key?.name === 'paste-start') this.#pasting = true;
    else if (key?.name === 'paste-end') this.#pasting = false;
  };

  #takeLine(line: string): void {
    this.#pasted.push(line);
    if (this.#pasting) {
      this.#reader.setPrompt(this.#options.prompts.further);
      this.#reader.prompt();
    } else this.#send();
  }

  #send(): void {
    this.#ready.push(this.#pasted.join('\n'));
    this.#pasted = [];
    this.#reader.setPrompt(this.#options.prompts.first);
    // Before anything else is read: what comes in the same moment belongs to the next message.
    this.#screen.shown = false;
    this.#wake();
  }

  #close(): void {
    this.#closed = true;
    if (this.#pasted.length > 0) this.#send();
    this.#wake();
  }
}

/** https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Bracketed-Paste-Mode */
const startMarkingPastes = '\u001b[?2004h';
const stopMarkingPastes = '\u001b[?2004l';

/** The terminal as the line editor sees it, which writes into nothing while something else is shown. */
class Screen extends Writable {
  shown = false;
  readonly #terminal: NodeJS.WriteStream;

  constructor(terminal: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
  }

  /** While nothing is shown no line wraps, so that the editor has no rows to go back over. */
  get columns(): number | undefined {
    return this.shown ? this.#terminal.columns : undefined;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    if (this.shown) this.#terminal.write(chunk);
    done();
  }
}
