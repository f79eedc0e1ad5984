import { type Key, KeyParser } from './editor/key-parser.ts';
import type { Terminal } from './editor/screen.ts';

/** A lone Escape is told from the beginning of a sequence by this silence, in milliseconds. */
const escapeWaitMs = 40;
const pasteBrackets = { on: '\u001b[?2004h', off: '\u001b[?2004l' };

export interface ProcessTerminalOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Those that came at once. */
  readonly onKeys: (keys: readonly Key[]) => void;
  readonly onResize: () => void;
  /** The terminal has gone. */
  readonly onClose: () => void;
  /** The process goes on after Ctrl-Z: nothing on the screen is as it was. */
  readonly onContinue: () => void;
}

/** The terminal of this process: every key as it is pressed, nothing of it echoed. */
export class ProcessTerminal implements Terminal, Disposable {
  readonly #options: ProcessTerminalOptions;
  readonly #parser = new KeyParser();
  readonly #decoder = new TextDecoder();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ProcessTerminalOptions) {
    this.#options = options;
    const { stdin, stdout, onResize, onClose } = options;
    this.#takeOver();
    stdin.on('data', this.#onData);
    stdin.once('end', onClose);
    stdin.resume();
    stdout.on('resize', onResize);
    process.on('SIGCONT', this.#onContinue);
  }

  get columns(): number {
    return this.#options.stdout.columns || 80;
  }

  get rows(): number {
    return this.#options.stdout.rows || 24;
  }

  write(text: string): void {
    this.#options.stdout.write(text);
  }

  /** Stops the process, as Ctrl-Z does where nobody takes it; the shell may let it go on. */
  suspend(): void {
    this.#giveBack();
    process.kill(process.pid, 'SIGTSTP');
  }

  /** The terminal is again what it was. */
  [Symbol.dispose](): void {
    const { stdin, stdout, onResize, onClose } = this.#options;
    clearTimeout(this.#timer);
    stdin.off('data', this.#onData);
    stdin.off('end', onClose);
    stdout.off('resize', onResize);
    process.off('SIGCONT', this.#onContinue);
    this.#giveBack();
    stdin.pause();
  }

  #takeOver(): void {
    this.#options.stdin.setRawMode(true);
    this.#options.stdout.write(pasteBrackets.on);
  }

  #giveBack(): void {
    this.#options.stdout.write(pasteBrackets.off);
    this.#options.stdin.setRawMode(false);
  }

  readonly #onContinue = (): void => {
    this.#takeOver();
    this.#options.onContinue();
  };

  readonly #onData = (chunk: Uint8Array | string): void => {
    clearTimeout(this.#timer);
    const text = typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true });
    this.#options.onKeys([...this.#parser.push(text)]);
    if (!this.#parser.isWaiting) return;
    this.#timer = setTimeout(() => {
      this.#options.onKeys([...this.#parser.flush()]);
    }, escapeWaitMs);
  };
}
