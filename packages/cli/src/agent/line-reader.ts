import { createInterface, type Interface } from 'node:readline';

/** Lines that were typed before anybody asked, of which no more are kept. */
const maxWaiting = 1_000;

/** Lines that somebody types while something else goes on. */
export class LineReader implements Disposable {
  readonly #interface: Interface;
  #ask: ((line: string | undefined) => void) | undefined;
  readonly #waiting: string[] = [];
  #isEnded = false;

  /** `onLine` gets the lines that nobody has asked for; without it they wait until somebody asks. */
  constructor(input: NodeJS.ReadableStream, onLine?: (line: string) => void) {
    // Without an output it draws nothing, and the terminal itself echoes what is typed.
    this.#interface = createInterface({ input, terminal: false });
    this.#interface.on('line', (line) => {
      if (this.#ask !== undefined) this.#tell(line);
      else if (onLine !== undefined) onLine(line);
      else if (this.#waiting.length < maxWaiting) this.#waiting.push(line);
    });
    this.#interface.on('close', () => {
      this.#isEnded = true;
      this.#tell(undefined);
    });
  }

  /**
   * The next line; undefined when there is none any more, or the signal is aborted. Whoever asks later is
   * answered instead of who asked before.
   */
  async next(signal?: AbortSignal): Promise<string | undefined> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    if (this.#isEnded || signal?.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#tell(undefined);
    this.#ask = resolve;
    const leave = (): void => {
      if (this.#ask === resolve) this.#tell(undefined);
    };
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  [Symbol.dispose](): void {
    this.#interface.close();
  }

  #tell(line: string | undefined): void {
    const ask = this.#ask;
    this.#ask = undefined;
    ask?.(line);
  }
}
