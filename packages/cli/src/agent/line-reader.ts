import { createInterface, type Interface } from 'node:readline';

/** Lines that somebody types while something else goes on. */
export class LineReader implements Disposable {
  readonly #interface: Interface;
  #ask: ((line: string) => void) | undefined;

  /** `onLine` gets the lines that nobody has asked for. */
  constructor(input: NodeJS.ReadableStream, onLine: (line: string) => void) {
    // Without an output it draws nothing, and the terminal itself echoes what is typed.
    this.#interface = createInterface({ input, terminal: false });
    this.#interface.on('line', (line) => {
      const ask = this.#ask;
      this.#ask = undefined;
      if (ask === undefined) onLine(line);
      else ask(line);
    });
  }

  /** The next line. Whoever asks later is answered instead of who asked before. */
  next(): Promise<string> {
    return new Promise((resolve) => {
      this.#ask = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.#interface.close();
  }
}
